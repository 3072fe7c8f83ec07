#include "log/decision_deleter.h"

#include <utility>

#include "base/status_macros.h"

namespace suffice {

absl::StatusOr<DecisionDeleter> DecisionDeleter::Prepare(Database& database) {
  DecisionDeleter deleter;
  const std::pair<Statement*, std::string_view> statements[] = {
      {&deleter.ends_,
       "SELECT (SELECT coalesce(max(seq), 0) FROM decisions), (SELECT coalesce(max(seq), 0) FROM outcomes), "
       "(SELECT coalesce(max(seq), 0) FROM feedback)"},
      {&deleter.front_, "SELECT seq, time_us, tier_ordinal, tier FROM decisions ORDER BY seq LIMIT 1"},
      {&deleter.outcome_of_, "SELECT coalesce(max(seq), 0) FROM outcomes WHERE decision_seq = ?1"},
      {&deleter.feedback_of_, "SELECT coalesce(max(seq), 0) FROM feedback WHERE decision_seq = ?1"},
      {&deleter.delete_outcome_, "DELETE FROM outcomes WHERE decision_seq = ?1"},
      {&deleter.delete_feedback_, "DELETE FROM feedback WHERE decision_seq = ?1"},
      {&deleter.delete_decision_, "DELETE FROM decisions WHERE seq = ?1"},
      {&deleter.count_tier_,
       "INSERT INTO deleted_decisions (tier, decisions) VALUES (?1, ?2) "
       "ON CONFLICT (tier) DO UPDATE SET decisions = max(decisions, excluded.decisions)"},
      {&deleter.delete_orphans_,
       "DELETE FROM orphans WHERE seq IN (SELECT seq FROM orphans ORDER BY seq LIMIT ?2) AND time_us < ?1 "
       "AND seq < (SELECT max(seq) FROM orphans)"},
  };
  for (const auto& [statement, sql] : statements) {
    SUFFICE_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return deleter;
}

absl::StatusOr<std::map<std::string, int64_t, std::less<>>> DecisionDeleter::DeletedByTier(Database& database) {
  SUFFICE_ASSIGN_OR_RETURN(Statement counts, database.Prepare("SELECT tier, decisions FROM deleted_decisions"));
  std::map<std::string, int64_t, std::less<>> by_tier;
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, counts.Step());
    if (!row) return by_tier;
    by_tier[counts.String(0)] = counts.Int(1);
  }
}

absl::StatusOr<Deleted> DecisionDeleter::Delete(const Deletion& what) {
  SUFFICE_RETURN_IF_ERROR(DeleteOrphans(what));
  SUFFICE_ASSIGN_OR_RETURN(const Ends ends, ReadEnds());
  Deleted deleted;
  while (deleted.decisions < what.limit) {
    SUFFICE_ASSIGN_OR_RETURN(const std::optional<Front> front, ReadFront());
    if (!front || front->time_us >= what.before_us || front->seq == ends.decision) return deleted;
    SUFFICE_ASSIGN_OR_RETURN(const int64_t outcome, LastEvent(outcome_of_, front->seq));
    SUFFICE_ASSIGN_OR_RETURN(const int64_t feedback, LastEvent(feedback_of_, front->seq));
    deleted.uncovered = outcome > what.upto.outcome_seq || feedback > what.upto.feedback_seq;
    if (deleted.uncovered) return deleted;
    const bool is_last = (outcome > 0 && outcome == ends.outcome) || (feedback > 0 && feedback == ends.feedback);
    if (is_last) return deleted;
    SUFFICE_RETURN_IF_ERROR(DeleteRow(*front));
    ++deleted.decisions;
  }
  return deleted;
}

absl::StatusOr<DecisionDeleter::Ends> DecisionDeleter::ReadEnds() {
  const ResetAtEnd reset(ends_);
  SUFFICE_RETURN_IF_ERROR(ends_.Step().status());
  return Ends{.decision = ends_.Int(0), .outcome = ends_.Int(1), .feedback = ends_.Int(2)};
}

absl::StatusOr<std::optional<DecisionDeleter::Front>> DecisionDeleter::ReadFront() {
  const ResetAtEnd reset(front_);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, front_.Step());
  if (!row) return std::nullopt;
  return Front{.seq = front_.Int(0), .time_us = front_.Int(1), .tier_ordinal = front_.Int(2), .tier = front_.String(3)};
}

absl::StatusOr<int64_t> DecisionDeleter::LastEvent(Statement& statement, int64_t decision_seq) {
  const ResetAtEnd reset(statement);
  statement.BindInt(1, decision_seq);
  SUFFICE_RETURN_IF_ERROR(statement.Step().status());
  return statement.Int(0);
}

absl::Status DecisionDeleter::DeleteRow(const Front& decision) {
  for (Statement* statement : {&delete_outcome_, &delete_feedback_, &delete_decision_}) {
    statement->BindInt(1, decision.seq);
    SUFFICE_RETURN_IF_ERROR(statement->Run());
  }
  count_tier_.BindText(1, decision.tier);
  count_tier_.BindInt(2, decision.tier_ordinal + 1);
  return count_tier_.Run();
}

absl::Status DecisionDeleter::DeleteOrphans(const Deletion& what) {
  delete_orphans_.BindInt(1, what.before_us);
  delete_orphans_.BindInt(2, what.limit);
  return delete_orphans_.Run();
}

}  // namespace suffice
