#include "app/commands.h"

namespace suffice {

std::vector<Command> AllCommands() {
  return {
      ServeCommand(),       CallCommand(),      StatusCommand(),   CheckConfigCommand(), PrintConfigCommand(),
      PlayCommand(),        ReplayCommand(),    PlanCommand(),     EvaluateCommand(),    InsightsCommand(),
      FitFeaturesCommand(), RebuildCommand(),   PromoteCommand(),  RollbackCommand(),    SnapshotsCommand(),
      NightlyCommand(),     SampleCommand(),    RunTiersCommand(), JudgeCommand(),       GateCommand(),
      RefitCommand(),       CalibrateCommand(), ExportCommand(),   ImportCommand(),      GenerateTrafficCommand(),
      NewKeyCommand(),
  };
}

}  // namespace suffice
