#include <fmt/format.h>

#include "app/commands.h"
#include "app/config_flags.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "checks a policy file and tells everything that is wrong with it";

int Run(const std::vector<std::string>& args, Io& io) {
  ConfigFlags config_flags;
  Flags flags("check-config", "Checks a policy file and tells everything that is wrong with it, by line and column.",
              "suffice check-config policies/two_tiers.yaml --set objective.cost_weight=80");
  config_flags.AddPositionalTo(flags);
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<Config> config = config_flags.Load();
  if (!config.ok()) return Fail(io, config.status());
  io.out << fmt::format("ok: {}, {} tier{}, {}\n", config->name, config->tiers.size(),
                        config->tiers.size() == 1 ? "" : "s", config->Hash());
  return kExitOk;
}

}  // namespace

Command CheckConfigCommand() { return {"check-config", kSummary, Run}; }

}  // namespace suffice
