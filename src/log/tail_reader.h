// Reads what came to a log after a place: every event once, and the decisions in runs of neighbours, a range of the table
// each, so that a fold of the whole log is a merge of three scans and not a query for every decision.
// Thread contract: thread-compatible; uses the connection that it was prepared on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "log/event_log.h"
#include "log/records.h"
#include "log/sqlite.h"

namespace suffice {

class TailReader {
 public:
  // `database` outlives the reader.
  static absl::StatusOr<TailReader> Prepare(Database& database);
  TailReader() = default;  // REQUIRES: assigned from Prepare before any other call

  // What it asks; each is to find its rows by a key, however many there are.
  static constexpr size_t kQueries = 5;
  static std::array<std::string, kQueries> Queries();

  // As EventLog::ReadTail. REQUIRES: within a transaction.
  absl::StatusOr<LogTail> Read(LogCursor from, int64_t limit);

 private:
  // Events with the seq of their decision.
  using Outcomes = std::vector<std::pair<int64_t, OutcomeRecord>>;
  using Feedbacks = std::vector<std::pair<int64_t, FeedbackRecord>>;

  // Appends at most `limit` events after `cursor`, which moves on. True when more are left.
  absl::StatusOr<bool> ReadAfter(int64_t limit, int64_t& cursor, Outcomes& outcomes);
  absl::StatusOr<bool> ReadAfter(int64_t limit, int64_t& cursor, Feedbacks& feedbacks);
  // Appends the events up to `from` of the decisions first .. last.
  absl::Status ReadOlder(int64_t first, int64_t last, LogCursor from, Outcomes& outcomes, Feedbacks& feedbacks);
  // Appends the decisions seqs[begin, end), which are neighbours. DATA_LOSS when one is missing.
  absl::Status ReadDecisions(const std::vector<int64_t>& seqs, size_t begin, size_t end,
                             std::vector<ObservedDecision>& touched);

  Statement decisions_, outcomes_after_, feedback_after_, older_outcomes_, older_feedback_;
};

}  // namespace suffice
