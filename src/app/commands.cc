#include "app/commands.h"

namespace suffice {

std::vector<Command> AllCommands() {
  return {
      CheckConfigCommand(),
      PrintConfigCommand(),
      ReplayCommand(),
      FitFeaturesCommand(),
      RebuildCommand(),
  };
}

}  // namespace suffice
