#include "off_policy/value_json.h"

#include <cmath>

namespace suffice {

std::string_view ToString(Estimator estimator) {
  switch (estimator) {
    case Estimator::kDr:
      return "dr";
    case Estimator::kSnips:
      return "snips";
    case Estimator::kIps:
      return "ips";
    case Estimator::kDm:
      return "dm";
    case Estimator::kSwitchDr:
      return "switch_dr";
  }
  return "";
}

nlohmann::ordered_json FiniteOrNull(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json ToJson(const ValueEstimate& estimate) {
  nlohmann::ordered_json json = {{"estimator", ToString(estimate.estimator)},
                                 {"value", FiniteOrNull(estimate.value)},
                                 {"standard_error", FiniteOrNull(estimate.standard_error)},
                                 {"low", FiniteOrNull(estimate.low)},
                                 {"high", FiniteOrNull(estimate.high)}};
  if (estimate.estimator == Estimator::kDr) {
    json["sequence_low"] = FiniteOrNull(estimate.sequence_low);
    json["sequence_high"] = FiniteOrNull(estimate.sequence_high);
  }
  json["rows"] = estimate.rows;
  json["effective_sample_size"] = FiniteOrNull(estimate.effective_sample_size);
  json["largest_weight"] = FiniteOrNull(estimate.largest_weight);
  json["unobservable"] = FiniteOrNull(estimate.unobservable);
  return json;
}

}  // namespace suffice
