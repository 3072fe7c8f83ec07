#include "app/traffic_config.h"

#include "base/status_macros.h"

namespace suffice {

std::vector<std::string> TierNames(const Config& config) {
  std::vector<std::string> names;
  for (const Tier& tier : config.tiers) names.push_back(tier.name);
  return names;
}

absl::StatusOr<ConfiguredTraffic> LoadConfiguredTraffic(const ConfigFlags& flags, const std::string& traffic_path,
                                                        bool tiers_from_traffic) {
  ConfiguredTraffic loaded;
  SUFFICE_ASSIGN_OR_RETURN(loaded.config, flags.Load({.allow_no_tiers = tiers_from_traffic}));
  const std::vector<std::string> names = tiers_from_traffic ? std::vector<std::string>() : TierNames(loaded.config);
  SUFFICE_ASSIGN_OR_RETURN(loaded.traffic, ReadTraffic(traffic_path, names));
  if (tiers_from_traffic) {
    loaded.config.tiers = TiersFromTraffic(loaded.traffic);
    // Parsed again, so that what depends on the tiers is filled in and checked.
    SUFFICE_ASSIGN_OR_RETURN(loaded.config, ParseConfig(ConfigToYaml(loaded.config), traffic_path));
  }
  return loaded;
}

}  // namespace suffice
