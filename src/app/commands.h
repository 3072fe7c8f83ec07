// The table of subcommands. A new one: write src/app/NAME_command.cc with its `Command NameCommand()`, declare it here,
// and list it in commands.cc.
// Thread contract: pure functions.
#pragma once

#include <vector>

#include "app/command.h"

namespace suffice {

Command CalibrateCommand();
Command CallCommand();
Command CheckConfigCommand();
Command ExportCommand();
Command EvaluateCommand();
Command FitFeaturesCommand();
Command GateCommand();
Command GenerateTrafficCommand();
Command ImportCommand();
Command InsightsCommand();
Command JudgeCommand();
Command NewKeyCommand();
Command NightlyCommand();
Command PlanCommand();
Command PlayCommand();
Command PrintConfigCommand();
Command RebuildCommand();
Command PromoteCommand();
Command RollbackCommand();
Command SnapshotsCommand();
Command RefitCommand();
Command ReplayCommand();
Command RunTiersCommand();
Command SampleCommand();
Command ServeCommand();
Command StatusCommand();

// In the order of `suffice --help`.
std::vector<Command> AllCommands();

}  // namespace suffice
