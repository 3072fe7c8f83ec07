#include "log/log_tables.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/status_macros.h"
#include "log/event_columns.h"
#include "log/release_columns.h"
#include "log/row_codec.h"
#include "log/rules.h"
#include "log/seal.h"

namespace suffice {
namespace {

std::string InsertDecisionSql() {
  std::string parameters = "?";
  for (int i = 1; i < kDecisionColumnCount; ++i) parameters += ", ?";
  return fmt::format("INSERT INTO decisions ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING", kDecisionColumns,
                     parameters);
}

Settlement AsGiven(const OutcomeRecord& outcome) {
  return {.cost_nanos = outcome.cost_nanos, .wrong_model = outcome.wrong_model};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogTables>> LogTables::Prepare(Database& database, OutcomeSettler settle) {
  std::unique_ptr<LogTables> tables(new LogTables(database, std::move(settle)));
  SUFFICE_RETURN_IF_ERROR(tables->PrepareStatements());
  SUFFICE_RETURN_IF_ERROR(tables->LoadTierCounts());
  return tables;
}

absl::Status LogTables::PrepareStatements() {
  const std::pair<Statement*, std::string> statements[] = {
      {&find_decision_, "SELECT seq, tenant, config_hash, tier, time_us, input_tokens_estimate FROM decisions WHERE id = ?1"},
      {&insert_decision_, InsertDecisionSql()},
      {&insert_outcome_,
       "INSERT INTO outcomes (decision_seq, time_us, status, input_tokens, output_tokens, cost_usd, cost_nanos, "
       "time_to_first_token_ms, latency_ms, retries, served_tier, cached_input_tokens, reasoning_tokens, served_model, "
       "wrong_model) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
       "ON CONFLICT (decision_seq) DO NOTHING"},
      {&insert_feedback_,
       "INSERT INTO feedback (decision_seq, time_us, tenant, feedback_id, reward, source, judge_version, sender) "
       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (tenant, feedback_id) DO NOTHING"},
      {&select_outcome_, fmt::format("SELECT {} FROM outcomes WHERE decision_seq = ?1", kOutcomeColumns)},
      {&select_feedback_,
       fmt::format("SELECT {}, (SELECT id FROM decisions WHERE decisions.seq = decision_seq) FROM feedback "
                   "WHERE tenant = ?1 AND feedback_id = ?2",
                   kFeedbackColumns)},
      {&insert_orphan_, "INSERT INTO orphans (time_us, kind, decision_id, tenant, value) VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&insert_config_, "INSERT INTO configs (hash, time_us, yaml) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"},
      {&select_config_, "SELECT yaml FROM configs WHERE hash = ?1"},
      {&insert_feature_set_,
       "INSERT INTO feature_sets (version, time_us, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"},
      {&select_feature_set_, "SELECT bytes FROM feature_sets WHERE version = ?1"},
      {&insert_snapshot_,
       "INSERT INTO snapshots (number, time_us, outcome_seq, feedback_seq, feature_version, config_hash, state, release) "
       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING"},
      {&drop_states_,
       "UPDATE snapshots SET state = NULL WHERE state IS NOT NULL AND number NOT IN "
       "(SELECT number FROM snapshots WHERE state IS NOT NULL ORDER BY number DESC LIMIT ?1) "
       "AND number NOT IN (SELECT snapshot FROM bases)"},
      {&insert_base_,
       "INSERT INTO bases (snapshot, release) SELECT number, release FROM snapshots WHERE number = ?1 AND state IS NOT NULL "
       "ON CONFLICT (snapshot) DO UPDATE SET release = excluded.release"},
      {&drop_bases_,
       "DELETE FROM bases WHERE snapshot <> ?1 AND snapshot NOT IN (SELECT coalesce(max(snapshot), 0) FROM bases "
       "WHERE release <> (SELECT release FROM bases WHERE snapshot = ?1))"},
      // Whether there is a state is asked first: what stands behind it in the row is far away.
      {&drop_snapshots_,
       "DELETE FROM snapshots WHERE number IN (SELECT number FROM snapshots AS old WHERE number <= ?1 AND state IS NULL "
       "AND EXISTS (SELECT 1 FROM snapshots AS newer WHERE newer.release = old.release AND newer.number > old.number) "
       "ORDER BY number LIMIT ?2)"},
      {&insert_ledger_state_,
       "INSERT INTO ledger_states (number, time_us, decision_seq, outcome_seq, state) VALUES (?1, ?2, ?3, ?4, ?5) "
       "ON CONFLICT DO NOTHING"},
      {&drop_ledger_states_,
       "DELETE FROM ledger_states WHERE number NOT IN "
       "(SELECT number FROM ledger_states ORDER BY number DESC LIMIT ?1)"},
      {&newest_promotion_, "SELECT coalesce(max(seq), 0) FROM promotions"},
      {&insert_promotion_, std::string(kInsertPromotion)},
      {&savepoint_, "SAVEPOINT evaluation"},
      {&release_, "RELEASE evaluation"},
      {&rollback_to_, "ROLLBACK TO evaluation"},
  };
  for (const auto& [statement, sql] : statements) {
    SUFFICE_ASSIGN_OR_RETURN(*statement, database_.Prepare(sql));
  }
  SUFFICE_ASSIGN_OR_RETURN(deleter_, DecisionDeleter::Prepare(database_));
  return absl::OkStatus();
}

// Hops from tier to tier along the index, instead of reading all of it.
absl::Status LogTables::LoadTierCounts() {
  SUFFICE_ASSIGN_OR_RETURN(tier_counts_, DecisionDeleter::DeletedByTier(database_));
  SUFFICE_ASSIGN_OR_RETURN(Statement next,
                           database_.Prepare("SELECT tier FROM decisions WHERE tier > ?1 ORDER BY tier LIMIT 1"));
  SUFFICE_ASSIGN_OR_RETURN(Statement last,
                           database_.Prepare("SELECT max(tier_ordinal) FROM decisions WHERE tier = ?1"));
  // The tier without a name, which stands before all others, is looked at first.
  for (std::string tier;;) {
    const ResetAtEnd reset_next(next), reset_last(last);
    last.BindText(1, tier);
    SUFFICE_RETURN_IF_ERROR(last.Step().status());
    if (!last.IsNull(0)) tier_counts_[tier] = last.Int(0) + 1;
    next.BindText(1, tier);
    SUFFICE_ASSIGN_OR_RETURN(const bool row, next.Step());
    if (!row) break;
    tier = next.String(0);
  }
  committed_tier_counts_ = tier_counts_;
  return absl::OkStatus();
}

void LogTables::Committed() {
  committed_tier_counts_ = tier_counts_;
  pending_ = {};
}

void LogTables::RolledBack() {
  tier_counts_ = committed_tier_counts_;
  pending_ = {};
}

absl::StatusOr<std::optional<LogTables::Found>> LogTables::FindDecision(const DecisionId& id) {
  const ResetAtEnd reset(find_decision_);
  find_decision_.BindBlob(1, id.Raw());
  SUFFICE_ASSIGN_OR_RETURN(const bool row, find_decision_.Step());
  if (!row) return std::nullopt;
  return Found{.seq = find_decision_.Int(0),
               .tenant = find_decision_.String(1),
               .facts = {.config_hash = find_decision_.String(2),
                         .tier = find_decision_.String(3),
                         .time_us = find_decision_.Int(4),
                         .input_tokens_estimate = find_decision_.Double(5)}};
}

absl::StatusOr<std::optional<int64_t>> LogTables::InsertDecision(const DecisionRecord& decision) {
  const auto count = tier_counts_.find(decision.tier);
  BindDecision(decision, count == tier_counts_.end() ? 0 : count->second, scratch_, insert_decision_);
  SUFFICE_RETURN_IF_ERROR(insert_decision_.Run());
  if (database_.LastChanges() == 0) return std::nullopt;
  return database_.LastInsertSeq();
}

absl::Status LogTables::WriteDecision(const DecisionRecord& decision, Answer& answer) {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<int64_t> seq, InsertDecision(decision));
  answer = Receipt{.duplicate = !seq, .seq = seq.value_or(0)};
  if (seq) {
    ++tier_counts_[decision.tier];
    ++pending_.decisions;
  } else {
    ++pending_.duplicates;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> LogTables::InsertEvaluation(const DecisionRecord& decision, const OutcomeRecord& outcome,
                                                 const std::optional<FeedbackRecord>& feedback) {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<int64_t> seq, InsertDecision(decision));
  if (!seq) return false;
  SUFFICE_RETURN_IF_ERROR(InsertOutcome(outcome, *seq, AsGiven(outcome)).status());
  if (!feedback) return true;
  return InsertFeedback(*feedback, *seq);
}

absl::Status LogTables::WriteEvaluation(const DecisionRecord& decision, const OutcomeRecord& outcome,
                                        const std::optional<FeedbackRecord>& feedback) {
  SUFFICE_RETURN_IF_ERROR(savepoint_.Run());
  const absl::StatusOr<bool> inserted = InsertEvaluation(decision, outcome, feedback);
  if (!inserted.ok() && !IsRowError(inserted.status())) return inserted.status();  // the whole transaction is to fail
  if (!inserted.ok() || !*inserted) SUFFICE_RETURN_IF_ERROR(rollback_to_.Run());
  SUFFICE_RETURN_IF_ERROR(release_.Run());
  SUFFICE_RETURN_IF_ERROR(inserted.status());
  if (!*inserted) {
    ++pending_.duplicates;
    return absl::OkStatus();
  }
  ++tier_counts_[decision.tier];
  ++pending_.decisions;
  ++pending_.outcomes;
  pending_.wrong_model_outcomes += outcome.wrong_model;
  pending_.feedbacks += feedback.has_value();
  return absl::OkStatus();
}

absl::StatusOr<bool> LogTables::InsertOutcome(const OutcomeRecord& outcome, int64_t decision_seq,
                                              const Settlement& settlement) {
  const Outcome& told = outcome.outcome;
  insert_outcome_.BindInt(1, decision_seq);
  insert_outcome_.BindInt(2, outcome.time_us);
  insert_outcome_.BindText(3, EncodeCallStatus(told.status));
  insert_outcome_.BindInt(4, told.input_tokens);
  insert_outcome_.BindInt(5, told.output_tokens);
  insert_outcome_.BindDouble(6, told.cost_usd);
  insert_outcome_.BindInt(7, settlement.cost_nanos);
  insert_outcome_.BindDouble(8, told.time_to_first_token_ms);
  insert_outcome_.BindDouble(9, told.latency_ms);
  insert_outcome_.BindInt(10, int64_t{told.retries});
  insert_outcome_.BindText(11, told.served_tier);
  insert_outcome_.BindInt(12, told.cached_input_tokens);
  insert_outcome_.BindInt(13, told.reasoning_tokens);
  insert_outcome_.BindText(14, told.served_model);
  insert_outcome_.BindInt(15, int64_t{settlement.wrong_model});
  SUFFICE_RETURN_IF_ERROR(insert_outcome_.Run());
  return database_.LastChanges() > 0;
}

absl::StatusOr<bool> LogTables::InsertFeedback(const FeedbackRecord& feedback, int64_t decision_seq) {
  const Feedback& told = feedback.feedback;
  insert_feedback_.BindInt(1, decision_seq);
  insert_feedback_.BindInt(2, feedback.time_us);
  insert_feedback_.BindText(3, told.tenant);
  insert_feedback_.BindText(4, told.feedback_id);
  insert_feedback_.BindDouble(5, told.reward);
  insert_feedback_.BindText(6, EncodeSource(told.source));
  insert_feedback_.BindText(7, told.judge_version);
  insert_feedback_.BindText(8, told.sender);
  SUFFICE_RETURN_IF_ERROR(insert_feedback_.Run());
  return database_.LastChanges() > 0;
}

absl::Status LogTables::InsertOrphan(std::string_view kind, int64_t time_us, const DecisionId& id,
                                     const std::string& tenant, const std::string& value) {
  insert_orphan_.BindInt(1, time_us);
  insert_orphan_.BindText(2, kind);
  insert_orphan_.BindBlob(3, id.Raw());
  insert_orphan_.BindText(4, tenant);
  insert_orphan_.BindText(5, value);
  return insert_orphan_.Run();
}

absl::Status LogTables::CompareWithStored(const OutcomeRecord& outcome, int64_t decision_seq, Answer& answer) {
  const ResetAtEnd reset(select_outcome_);
  select_outcome_.BindInt(1, decision_seq);
  SUFFICE_RETURN_IF_ERROR(select_outcome_.Step().status());
  SUFFICE_ASSIGN_OR_RETURN(const OutcomeRecord stored, ReadOutcome(select_outcome_));
  answer = AnswerRepeatedOutcome(stored.outcome, outcome.outcome);
  pending_.duplicates += answer.ok();
  return absl::OkStatus();
}

absl::Status LogTables::CompareWithStored(const FeedbackRecord& feedback, Answer& answer) {
  const ResetAtEnd reset(select_feedback_);
  select_feedback_.BindText(1, feedback.feedback.tenant);
  select_feedback_.BindText(2, feedback.feedback.feedback_id);
  SUFFICE_RETURN_IF_ERROR(select_feedback_.Step().status());
  SUFFICE_ASSIGN_OR_RETURN(FeedbackRecord stored, ReadFeedback(select_feedback_));
  stored.feedback.decision_id = DecisionId::FromRaw(select_feedback_.Bytes(9));
  answer = AnswerRepeatedFeedback(stored.feedback, feedback.feedback);
  pending_.duplicates += answer.ok();
  return absl::OkStatus();
}

Settlement LogTables::Settle(const OutcomeRecord& outcome, const DecisionFacts& decision) const {
  if (!settle_) return AsGiven(outcome);
  Settlement settlement = settle_(decision, outcome.outcome);
  if (outcome.outcome.cost_usd) settlement.cost_nanos = outcome.cost_nanos;
  return settlement;
}

absl::Status LogTables::WriteOutcome(const OutcomeRecord& outcome, Answer& answer) {
  const Outcome& told = outcome.outcome;
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<Found> decision, FindDecision(told.decision_id));
  if (!decision) {
    answer = UnknownDecisionError(told.decision_id);
    ++pending_.unknown_outcomes;
    return InsertOrphan("outcome", outcome.time_us, told.decision_id, told.tenant, EncodeOrphan(outcome));
  }
  if (absl::Status denied = CheckTenant(decision->tenant, told.tenant); !denied.ok()) {
    answer = std::move(denied);
    return absl::OkStatus();
  }
  const Settlement settlement = Settle(outcome, decision->facts);
  SUFFICE_ASSIGN_OR_RETURN(const bool is_new, InsertOutcome(outcome, decision->seq, settlement));
  if (!is_new) return CompareWithStored(outcome, decision->seq, answer);
  answer = Receipt{.seq = database_.LastInsertSeq(), .cost_nanos = settlement.cost_nanos};
  ++pending_.outcomes;
  pending_.wrong_model_outcomes += settlement.wrong_model;
  return absl::OkStatus();
}

absl::Status LogTables::WriteFeedback(const FeedbackRecord& feedback, Answer& answer) {
  const Feedback& told = feedback.feedback;
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<Found> decision, FindDecision(told.decision_id));
  if (!decision) {
    answer = UnknownDecisionError(told.decision_id);
    ++pending_.unknown_feedbacks;
    return InsertOrphan("feedback", feedback.time_us, told.decision_id, told.tenant, EncodeOrphan(feedback));
  }
  if (absl::Status denied = CheckTenant(decision->tenant, told.tenant); !denied.ok()) {
    answer = std::move(denied);
    return absl::OkStatus();
  }
  SUFFICE_ASSIGN_OR_RETURN(const bool is_new, InsertFeedback(feedback, decision->seq));
  if (!is_new) return CompareWithStored(feedback, answer);
  answer = Receipt{.seq = database_.LastInsertSeq()};
  ++pending_.feedbacks;
  return absl::OkStatus();
}

absl::Status LogTables::WriteConfig(const std::string& hash, const std::string& yaml, absl::Status& answer) {
  insert_config_.BindText(1, hash);
  insert_config_.BindInt(2, Clock::System()->NowMicros());
  insert_config_.BindText(3, yaml);
  SUFFICE_RETURN_IF_ERROR(insert_config_.Run());
  answer = absl::OkStatus();
  if (database_.LastChanges() > 0) return absl::OkStatus();
  const ResetAtEnd reset(select_config_);
  select_config_.BindText(1, hash);
  SUFFICE_RETURN_IF_ERROR(select_config_.Step().status());
  answer = AnswerRepeatedBlob(fmt::format("configuration {}", hash), select_config_.Bytes(0), yaml);
  return absl::OkStatus();
}

absl::Status LogTables::WriteFeatureSet(uint64_t version, const std::string& bytes, absl::Status& answer) {
  insert_feature_set_.BindInt(1, static_cast<int64_t>(version));
  insert_feature_set_.BindInt(2, Clock::System()->NowMicros());
  insert_feature_set_.BindBlob(3, bytes);
  SUFFICE_RETURN_IF_ERROR(insert_feature_set_.Run());
  answer = absl::OkStatus();
  if (database_.LastChanges() > 0) return absl::OkStatus();
  const ResetAtEnd reset(select_feature_set_);
  select_feature_set_.BindInt(1, static_cast<int64_t>(version));
  SUFFICE_RETURN_IF_ERROR(select_feature_set_.Step().status());
  answer = AnswerRepeatedBlob(fmt::format("feature set {:016x}", version), select_feature_set_.Bytes(0), bytes);
  return absl::OkStatus();
}

absl::Status LogTables::WriteSnapshot(const SnapshotRecord& snapshot, absl::Status& answer) {
  insert_snapshot_.BindInt(1, snapshot.number);
  insert_snapshot_.BindInt(2, snapshot.time_us);
  insert_snapshot_.BindInt(3, snapshot.cursor.outcome_seq);
  insert_snapshot_.BindInt(4, snapshot.cursor.feedback_seq);
  insert_snapshot_.BindInt(5, static_cast<int64_t>(snapshot.feature_version));
  insert_snapshot_.BindText(6, snapshot.config_hash);
  if (snapshot.state.empty()) {
    insert_snapshot_.BindNull(7);
  } else {
    insert_snapshot_.BindBlob(7, snapshot.state);
  }
  insert_snapshot_.BindInt(8, snapshot.release);
  SUFFICE_RETURN_IF_ERROR(insert_snapshot_.Run());
  if (database_.LastChanges() == 0) {
    answer = RepeatedSnapshotError(snapshot.number);
    return absl::OkStatus();
  }
  answer = absl::OkStatus();
  drop_snapshots_.BindInt(1, snapshot.number - kSnapshotsKept);
  drop_snapshots_.BindInt(2, kSnapshotsDroppedAtOnce);
  SUFFICE_RETURN_IF_ERROR(drop_snapshots_.Run());
  if (snapshot.state.empty()) return absl::OkStatus();
  drop_states_.BindInt(1, int64_t{kStatesKept});
  return drop_states_.Run();
}

absl::Status LogTables::MakeBase(int64_t number, absl::Status& answer) {
  insert_base_.BindInt(1, number);
  SUFFICE_RETURN_IF_ERROR(insert_base_.Run());
  answer = database_.LastChanges() > 0 ? absl::OkStatus() : NoStateError(number);
  if (!answer.ok()) return absl::OkStatus();
  drop_bases_.BindInt(1, number);
  SUFFICE_RETURN_IF_ERROR(drop_bases_.Run());
  drop_states_.BindInt(1, int64_t{kStatesKept});
  return drop_states_.Run();
}

absl::Status LogTables::DeleteDecisions(const Deletion& what, Deleted& deleted) {
  SUFFICE_ASSIGN_OR_RETURN(deleted, deleter_.Delete(what));
  return absl::OkStatus();
}

absl::Status LogTables::WritePromotion(const PromotionRecord& promotion, int64_t after, absl::Status& answer) {
  {
    const ResetAtEnd reset(newest_promotion_);
    SUFFICE_RETURN_IF_ERROR(newest_promotion_.Step().status());
    const int64_t newest = newest_promotion_.Int(0);
    answer = newest == after ? absl::OkStatus() : OtherPromotionError(newest, after);
  }
  if (!answer.ok()) return absl::OkStatus();
  BindPromotion(promotion, insert_promotion_);
  return insert_promotion_.Run();
}

absl::Status LogTables::WriteLedgerState(const LedgerStateRecord& state, absl::Status& answer) {
  const std::string sealed = Seal(state.state);
  insert_ledger_state_.BindInt(1, state.number);
  insert_ledger_state_.BindInt(2, state.time_us);
  insert_ledger_state_.BindInt(3, state.decision_seq);
  insert_ledger_state_.BindInt(4, state.outcome_seq);
  insert_ledger_state_.BindBlob(5, sealed);
  SUFFICE_RETURN_IF_ERROR(insert_ledger_state_.Run());
  answer = database_.LastChanges() > 0 ? absl::OkStatus() : RepeatedLedgerStateError(state.number);
  drop_ledger_states_.BindInt(1, int64_t{kStatesKept});
  return drop_ledger_states_.Run();
}

}  // namespace suffice
