#include "app/commands.h"

namespace suffice {

std::vector<Command> AllCommands() {
  return {
      ServeCommand(),  CallCommand(),        CheckConfigCommand(), PrintConfigCommand(),     PlayCommand(),
      ReplayCommand(), PlanCommand(),        FitFeaturesCommand(), RebuildCommand(),         GenerateTrafficCommand(),
  };
}

}  // namespace suffice
