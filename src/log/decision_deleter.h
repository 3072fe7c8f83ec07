// Deletes decisions with all their events from the front of the log, within a transaction that the caller opens and ends.
// Thread contract: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "log/records.h"
#include "log/sqlite.h"

namespace suffice {

class DecisionDeleter {
 public:
  // `database` outlives the deleter.
  static absl::StatusOr<DecisionDeleter> Prepare(Database& database);
  DecisionDeleter() = default;  // REQUIRES: assigned from Prepare before any other call

  // As EventLog::DeleteDecisions.
  absl::StatusOr<Deleted> Delete(const Deletion& what);

  // How many decisions the tiers had, up to the last one that was deleted.
  static absl::StatusOr<std::map<std::string, int64_t, std::less<>>> DeletedByTier(Database& database);

 private:
  struct Ends {  // the last row of each kind
    int64_t decision = 0, outcome = 0, feedback = 0;
  };
  struct Front {
    int64_t seq = 0, time_us = 0, tier_ordinal = 0;
    std::string tier;
  };
  absl::StatusOr<Ends> ReadEnds();
  absl::StatusOr<std::optional<Front>> ReadFront();
  // The last event of the decision; 0 when it has none.
  static absl::StatusOr<int64_t> LastEvent(Statement& statement, int64_t decision_seq);
  absl::Status DeleteRow(const Front& decision);
  absl::Status DeleteOrphans(const Deletion& what);

  Statement ends_, front_, outcome_of_, feedback_of_, delete_outcome_, delete_feedback_, delete_decision_, count_tier_,
      delete_orphans_;
};

}  // namespace suffice
