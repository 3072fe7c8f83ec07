#include "app/commands.h"
#include "app/config_flags.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "prints a policy file with every default written out";

int Run(const std::vector<std::string>& args, Io& io) {
  ConfigFlags config_flags;
  Flags flags("print-config", "Prints a policy file as it is understood: every key, defaults and overrides included.",
              "suffice print-config policies/two_tiers.yaml --set tiers.small.prior.quality=0.7");
  config_flags.AddPositionalTo(flags);
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<Config> config = config_flags.Load();
  if (!config.ok()) return Fail(io, config.status());
  io.out << ConfigToYaml(*config);
  return kExitOk;
}

}  // namespace

Command PrintConfigCommand() { return {"print-config", kSummary, Run}; }

}  // namespace suffice
