#include "app/commands.h"
#include "app/traffic_config.h"
#include "base/status_macros.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "prints a policy file with every default written out";

absl::StatusOr<Config> Load(const ConfigFlags& flags, const std::string& traffic) {
  if (traffic.empty()) return flags.Load();
  SUFFICE_ASSIGN_OR_RETURN(ConfiguredTraffic loaded,
                           LoadConfiguredTraffic(flags, traffic, /*tiers_from_traffic=*/true));
  return std::move(loaded.config);
}

int Run(const std::vector<std::string>& args, Io& io) {
  ConfigFlags config_flags;
  std::string traffic;
  Flags flags("print-config", "Prints a policy file as it is understood: every key, defaults and overrides included.",
              "suffice print-config policies/two_tiers.yaml --set tiers.small.prior.quality=0.7\n"
              "suffice print-config policies/three_tiers.yaml --tiers-from-traffic traffic.jsonl > policy.yaml");
  config_flags.AddPositionalTo(flags);
  flags.Add("tiers-from-traffic", &traffic, {.value = "FILE", .help = "take tiers and prices from these rows instead"});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<Config> config = Load(config_flags, traffic);
  if (!config.ok()) return Fail(io, config.status());
  io.out << ConfigToYaml(*config);
  return kExitOk;
}

}  // namespace

Command PrintConfigCommand() { return {"print-config", kSummary, Run}; }

}  // namespace suffice
