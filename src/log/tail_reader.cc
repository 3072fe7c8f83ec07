#include "log/tail_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/status_macros.h"
#include "log/decision_columns.h"
#include "log/event_columns.h"

namespace suffice {
namespace {

// Stepping over a row that is not wanted costs a fraction of looking one up.
constexpr int64_t kWidestGap = 8;

int64_t OneMoreThan(int64_t limit) {
  return std::min(std::max<int64_t>(limit, 0), std::numeric_limits<int64_t>::max() - 1) + 1;
}

// By decision, and for each by seq. Most often they are so already.
template <typename Events>
void SortByDecision(Events& events) {
  const auto before = [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second.seq) < std::pair(b.first, b.second.seq);
  };
  if (!std::is_sorted(events.begin(), events.end(), before)) std::sort(events.begin(), events.end(), before);
}

// Calls `give` for the events of one decision after another, in order of their seq.
template <typename Events, typename Give>
void GiveEach(Events& events, std::vector<ObservedDecision>& touched, const Give& give) {
  SortByDecision(events);
  auto event = events.begin();
  for (ObservedDecision& observed : touched) {
    while (event != events.end() && event->first < observed.decision.seq) ++event;  // of a row in a gap
    for (; event != events.end() && event->first == observed.decision.seq; ++event) {
      give(std::move(event->second), observed);
    }
  }
}

}  // namespace

std::array<std::string, TailReader::kQueries> TailReader::Queries() {
  return {fmt::format("SELECT {}, seq FROM decisions WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq", kDecisionColumns),
          fmt::format("SELECT {}, decision_seq FROM outcomes WHERE seq > ?1 ORDER BY seq LIMIT ?2", kOutcomeColumns),
          fmt::format("SELECT {} FROM feedback WHERE seq > ?1 ORDER BY seq LIMIT ?2", kFeedbackColumns),
          // The plus keeps the planner from the table's own order, in which these would read everything up to the place.
          fmt::format("SELECT {}, decision_seq FROM outcomes WHERE decision_seq BETWEEN ?1 AND ?2 AND +seq <= ?3",
                      kOutcomeColumns),
          fmt::format("SELECT {} FROM feedback WHERE decision_seq BETWEEN ?1 AND ?2 AND +seq <= ?3", kFeedbackColumns)};
}

absl::StatusOr<TailReader> TailReader::Prepare(Database& database) {
  TailReader reader;
  Statement* const statements[kQueries] = {&reader.decisions_, &reader.outcomes_after_, &reader.feedback_after_,
                                           &reader.older_outcomes_, &reader.older_feedback_};
  const auto queries = Queries();
  for (size_t i = 0; i < kQueries; ++i) {
    SUFFICE_ASSIGN_OR_RETURN(*statements[i], database.Prepare(queries[i]));
  }
  return reader;
}

absl::StatusOr<LogTail> TailReader::Read(LogCursor from, int64_t limit) {
  LogTail tail{.end = from};
  Outcomes outcomes;
  Feedbacks feedbacks;
  SUFFICE_ASSIGN_OR_RETURN(const bool more_outcomes, ReadAfter(limit, tail.end.outcome_seq, outcomes));
  SUFFICE_ASSIGN_OR_RETURN(const bool more_feedbacks, ReadAfter(limit, tail.end.feedback_seq, feedbacks));
  tail.more = more_outcomes || more_feedbacks;

  std::vector<int64_t> seqs;
  seqs.reserve(outcomes.size() + feedbacks.size());
  for (const auto& [seq, outcome] : outcomes) seqs.push_back(seq);
  for (const auto& [seq, feedback] : feedbacks) seqs.push_back(seq);
  std::sort(seqs.begin(), seqs.end());
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());

  tail.touched.reserve(seqs.size());
  for (size_t begin = 0, end = 0; begin < seqs.size(); begin = end) {
    for (end = begin + 1; end < seqs.size() && seqs[end] - seqs[end - 1] <= kWidestGap;) ++end;
    SUFFICE_RETURN_IF_ERROR(ReadDecisions(seqs, begin, end, tail.touched));
    SUFFICE_RETURN_IF_ERROR(ReadOlder(seqs[begin], seqs[end - 1], from, outcomes, feedbacks));
  }
  GiveEach(outcomes, tail.touched, [](OutcomeRecord&& outcome, ObservedDecision& observed) {
    if (!CanBe(outcome)) return;
    outcome.outcome.decision_id = observed.decision.id;
    outcome.outcome.tenant = observed.decision.tenant;
    observed.outcome = std::move(outcome);
  });
  GiveEach(feedbacks, tail.touched, [](FeedbackRecord&& feedback, ObservedDecision& observed) {
    if (!CanBe(feedback)) return;
    feedback.feedback.decision_id = observed.decision.id;
    observed.feedback.push_back(std::move(feedback));
  });
  return tail;
}

absl::StatusOr<bool> TailReader::ReadAfter(int64_t limit, int64_t& cursor, Outcomes& outcomes) {
  const ResetAtEnd reset(outcomes_after_);
  outcomes_after_.BindInt(1, cursor);
  outcomes_after_.BindInt(2, OneMoreThan(limit));
  for (int64_t read = 0;; ++read) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, outcomes_after_.Step());
    if (!row) return false;
    if (read >= limit) return true;
    SUFFICE_ASSIGN_OR_RETURN(OutcomeRecord outcome, ReadOutcome(outcomes_after_));
    SUFFICE_RETURN_IF_ERROR(outcomes_after_.MoveOn(outcome.seq, cursor));
    outcomes.emplace_back(outcomes_after_.Int(kOutcomeColumnCount), std::move(outcome));
  }
}

absl::StatusOr<bool> TailReader::ReadAfter(int64_t limit, int64_t& cursor, Feedbacks& feedbacks) {
  const ResetAtEnd reset(feedback_after_);
  feedback_after_.BindInt(1, cursor);
  feedback_after_.BindInt(2, OneMoreThan(limit));
  for (int64_t read = 0;; ++read) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, feedback_after_.Step());
    if (!row) return false;
    if (read >= limit) return true;
    SUFFICE_ASSIGN_OR_RETURN(FeedbackRecord feedback, ReadFeedback(feedback_after_));
    SUFFICE_RETURN_IF_ERROR(feedback_after_.MoveOn(feedback.seq, cursor));
    feedbacks.emplace_back(feedback_after_.Int(kFeedbackDecisionColumn), std::move(feedback));
  }
}

absl::Status TailReader::ReadOlder(int64_t first, int64_t last, LogCursor from, Outcomes& outcomes,
                                   Feedbacks& feedbacks) {
  const auto each = [first, last](Statement& older, int64_t upto, const auto& take) -> absl::Status {
    if (upto <= 0) return absl::OkStatus();
    const ResetAtEnd reset(older);
    older.BindInt(1, first);
    older.BindInt(2, last);
    older.BindInt(3, upto);
    while (true) {
      SUFFICE_ASSIGN_OR_RETURN(const bool row, older.Step());
      if (!row) return absl::OkStatus();
      SUFFICE_RETURN_IF_ERROR(take(older));
    }
  };
  SUFFICE_RETURN_IF_ERROR(each(older_outcomes_, from.outcome_seq, [&](const Statement& row) -> absl::Status {
    SUFFICE_ASSIGN_OR_RETURN(OutcomeRecord outcome, ReadOutcome(row));
    outcomes.emplace_back(row.Int(kOutcomeColumnCount), std::move(outcome));
    return absl::OkStatus();
  }));
  return each(older_feedback_, from.feedback_seq, [&](const Statement& row) -> absl::Status {
    SUFFICE_ASSIGN_OR_RETURN(FeedbackRecord feedback, ReadFeedback(row));
    feedbacks.emplace_back(row.Int(kFeedbackDecisionColumn), std::move(feedback));
    return absl::OkStatus();
  });
}

absl::Status TailReader::ReadDecisions(const std::vector<int64_t>& seqs, size_t begin, size_t end,
                                       std::vector<ObservedDecision>& touched) {
  const ResetAtEnd reset(decisions_);
  decisions_.BindInt(1, seqs[begin]);
  decisions_.BindInt(2, seqs[end - 1]);
  size_t wanted = begin;
  while (wanted < end) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, decisions_.Step());
    const int64_t seq = row ? decisions_.Int(kDecisionColumnCount) : std::numeric_limits<int64_t>::max();
    if (seq < seqs[wanted]) continue;
    if (seq > seqs[wanted]) return absl::DataLossError(fmt::format("decision {} is missing from the log", seqs[wanted]));
    SUFFICE_ASSIGN_OR_RETURN(touched.emplace_back().decision, ReadDecision(decisions_));
    ++wanted;
  }
  return absl::OkStatus();
}

}  // namespace suffice
