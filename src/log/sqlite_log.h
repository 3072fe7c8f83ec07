// Opening a log on SQLite with a list of migrations of one's own. For tests of upgrades; the program uses
// OpenSqliteLog.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "log/event_log.h"
#include "log/migrations.h"

namespace suffice {

absl::StatusOr<std::unique_ptr<EventLog>> OpenSqliteLogWith(const SqliteLogOptions& options,
                                                            const std::vector<Migration>& migrations);

}  // namespace suffice
