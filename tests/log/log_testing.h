// Helpers for the tests of the event log: rows to append, and waiting for answers.
#pragma once

#include <filesystem>
#include <string>

#include "absl/synchronization/notification.h"
#include "base/ids.h"
#include "log/event_log.h"

namespace suffice {

// A folder that goes away with the test.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// The n-th id: ids of larger n sort later.
DecisionId TestId(uint32_t n);
// A decision with every field filled in, told apart by n. `tier` is "cheap" or "strong".
DecisionRecord TestDecision(uint32_t n, const std::string& tier = "cheap");
OutcomeRecord TestOutcome(const DecisionRecord& decision);
FeedbackRecord TestFeedback(const DecisionRecord& decision, const std::string& feedback_id, double reward = 0.75);

// These three end the test on any error.
std::unique_ptr<EventLog> OpenForTest(const SqliteLogOptions& options);
void Append(EventLog& log, const DecisionRecord& decision);
ObservedDecision MustFind(EventLog& log, const DecisionId& id);

// Appends and waits for the answer.
absl::StatusOr<Receipt> Record(EventLog& log, OutcomeRecord outcome);
absl::StatusOr<Receipt> Record(EventLog& log, FeedbackRecord feedback);

// Throw Catch assertions on any difference, the fields that the log assigns left out.
void CheckSame(const DecisionRecord& actual, const DecisionRecord& expected);
void CheckSame(const Outcome& actual, const Outcome& expected);
void CheckSame(const Feedback& actual, const Feedback& expected);

}  // namespace suffice
