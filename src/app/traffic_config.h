// A policy file whose tiers may come from a traffic file.
// Thread contract: pure functions, but for the named files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "app/config_flags.h"
#include "evaluation/traffic.h"

namespace suffice {

struct ConfiguredTraffic {
  Config config;
  Traffic traffic;  // its tiers in the configuration's order
};

// Reads both. With `tiers_from_traffic` the tiers and prices of the configuration are those of the traffic.
absl::StatusOr<ConfiguredTraffic> LoadConfiguredTraffic(const ConfigFlags& flags, const std::string& traffic_path,
                                                        bool tiers_from_traffic);

std::vector<std::string> TierNames(const Config& config);

}  // namespace suffice
