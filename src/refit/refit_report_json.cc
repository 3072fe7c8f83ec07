// RefitReportToJson, declared in refit.h.
#include <nlohmann/json.hpp>

#include "refit/refit.h"

namespace suffice {

std::string RefitReportToJson(const RefitReport& report) {
  using Json = nlohmann::ordered_json;
  Json tiers = Json::array();
  for (const RefitReport::Tier& tier : report.tiers) {
    tiers.push_back({{"tier", tier.tier},
                     {"labels", tier.labels},
                     {"effective_size", tier.effective_size},
                     {"calibration",
                      {{"quality_offset", tier.calibration.quality_offset},
                       {"quality_slope", tier.calibration.quality_slope},
                       {"cost_scale", tier.calibration.cost_scale},
                       {"latency_log_offset", tier.calibration.latency_log_offset}}},
                     {"calibration_error", tier.calibration_error},
                     {"calibration_error_before", tier.calibration_error_before}});
  }
  const Json json = {{"decisions", report.decisions},
                     {"evaluations", report.evaluations},
                     {"seconds", report.seconds},
                     {"tiers", std::move(tiers)},
                     {"notes", report.notes}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace suffice
