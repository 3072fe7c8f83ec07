// The event log in memory. One mutex guards everything; callbacks run outside of it.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/hash.h"
#include "base/status_macros.h"
#include "log/event_log.h"
#include "log/rules.h"

namespace suffice {
namespace {

struct IdHash {
  size_t operator()(const DecisionId& id) const { return Hash64(id.Raw()); }
};

// A feedback id is unique per tenant. The length tells where the tenant ends.
std::string FeedbackKey(const Feedback& feedback) {
  return fmt::format("{}:{}{}", feedback.tenant.size(), feedback.tenant, feedback.feedback_id);
}

class MemoryLog final : public EventLog {
 public:
  explicit MemoryLog(uint64_t salt) : salt_(salt) {}

  absl::Status AppendDecision(DecisionRecord&& decision, Done done, WhenFailed) override {
    SUFFICE_RETURN_IF_ERROR(CheckDecision(decision));
    Receipt receipt;
    {
      absl::MutexLock lock(&mutex_);
      if (closed_) return ClosedError();
      receipt.duplicate = by_id_.contains(decision.id);
      if (receipt.duplicate) {
        ++counters_.duplicates;
      } else {
        receipt.seq = AddDecision(std::move(decision)).decision.seq;
      }
    }
    if (done) done(receipt);
    return absl::OkStatus();
  }

  absl::Status AppendEvaluation(DecisionRecord decision, OutcomeRecord outcome,
                                std::optional<FeedbackRecord> feedback) override {
    SUFFICE_RETURN_IF_ERROR(CheckEvaluation(decision, outcome, feedback));
    {
      absl::MutexLock lock(&mutex_);
      if (closed_) return ClosedError();
      if (by_id_.contains(decision.id) || (feedback && feedback_by_key_.contains(FeedbackKey(feedback->feedback)))) {
        ++counters_.duplicates;
        return absl::OkStatus();
      }
      ObservedDecision& row = AddDecision(std::move(decision));
      AddOutcome(row, std::move(outcome));
      if (feedback) AddFeedback(row, std::move(*feedback));
    }
    if (listener_) listener_();
    return absl::OkStatus();
  }

  void AppendOutcome(OutcomeRecord outcome, Done done) override { Answer(RecordOutcome(std::move(outcome)), done); }
  void AppendFeedback(FeedbackRecord feedback, Done done) override {
    Answer(RecordFeedback(std::move(feedback)), done);
  }

  absl::Status Flush() override { return absl::OkStatus(); }

  absl::Status SaveConfig(const std::string& hash, const std::string& yaml) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto [it, inserted] = configs_.try_emplace(hash, yaml);
    if (inserted) return absl::OkStatus();
    return AnswerRepeatedBlob(fmt::format("configuration {}", hash), it->second, yaml);
  }

  absl::StatusOr<std::string> LoadConfigText(const std::string& hash) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto it = configs_.find(hash);
    if (it == configs_.end()) return absl::NotFoundError(fmt::format("no configuration {}", hash));
    return it->second;
  }

  absl::Status SaveFeatureSet(uint64_t version, const std::string& bytes) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto [it, inserted] = feature_sets_.try_emplace(version, bytes);
    if (inserted) return absl::OkStatus();
    return AnswerRepeatedBlob(fmt::format("feature set {:016x}", version), it->second, bytes);
  }

  absl::StatusOr<std::string> LoadFeatureSet(uint64_t version) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto it = feature_sets_.find(version);
    if (it == feature_sets_.end()) return absl::NotFoundError(fmt::format("no feature set {:016x}", version));
    return it->second;
  }

  absl::Status SaveSnapshot(SnapshotRecord snapshot) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const int64_t number = snapshot.number;
    const auto [it, inserted] = snapshots_.try_emplace(number, std::move(snapshot));
    if (!inserted) return RepeatedSnapshotError(number);
    const bool has_state = !it->second.state.empty();
    DropSnapshotsUpTo(number - kSnapshotsKept);
    if (!has_state) return absl::OkStatus();
    with_state_.insert(std::upper_bound(with_state_.begin(), with_state_.end(), number), number);
    DropStates();
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<SnapshotRecord>> BaseOf(int64_t release) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    for (auto base = bases_.rbegin(); base != bases_.rend(); ++base) {
      if (snapshots_[*base].release == release) return snapshots_[*base];
    }
    return std::nullopt;
  }

  absl::Status MakeBase(int64_t number) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto snapshot = snapshots_.find(number);
    if (snapshot == snapshots_.end() || snapshot->second.state.empty()) return NoStateError(number);
    int64_t other = 0;
    for (const int64_t base : bases_) {
      if (snapshots_[base].release != snapshot->second.release) other = base;
    }
    bases_ = {number};
    if (other > 0) bases_.insert(other);
    DropStates();
    return absl::OkStatus();
  }

  absl::StatusOr<Deleted> DeleteDecisions(const Deletion& what) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    Deleted deleted;
    for (; deleted.decisions < what.limit && rows_.size() > 1; ++deleted.decisions) {
      const ObservedDecision& row = rows_.front();
      if (row.decision.time_us >= what.before_us) break;
      const int64_t outcome = row.outcome ? row.outcome->seq : 0;
      const int64_t feedback = row.feedback.empty() ? 0 : row.feedback.back().seq;
      deleted.uncovered = outcome > what.upto.outcome_seq || feedback > what.upto.feedback_seq;
      const bool is_last = (outcome > 0 && outcome == std::ssize(outcomes_)) ||
                           (feedback > 0 && feedback == std::ssize(feedbacks_));
      if (deleted.uncovered || is_last) break;
      by_id_.erase(row.decision.id);
      for (const FeedbackRecord& record : row.feedback) feedback_by_key_.erase(FeedbackKey(record.feedback));
      rows_.pop_front();
      ++deleted_;
    }
    return deleted;
  }

  absl::StatusOr<std::optional<int64_t>> FirstDecisionTime() override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    if (rows_.empty()) return std::nullopt;
    return rows_.front().decision.time_us;
  }

  absl::StatusOr<std::optional<SnapshotRecord>> NewestSnapshotWithState() override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    if (with_state_.empty()) return std::nullopt;
    return snapshots_[with_state_.back()];
  }

  absl::StatusOr<int64_t> NewestSnapshotNumber() override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    return snapshots_.empty() ? 0 : snapshots_.rbegin()->first;
  }

  absl::StatusOr<std::optional<uint64_t>> NewestFeatureVersion(int64_t release) override {
    absl::MutexLock lock(&mutex_);
    for (auto it = snapshots_.rbegin(); it != snapshots_.rend(); ++it) {
      if (it->second.release == release) return it->second.feature_version;
    }
    return std::nullopt;
  }
  // Releases come by a file, which a log in memory has not.
  absl::StatusOr<ReleaseRecord> LoadRelease(int64_t number) override { return UnknownReleaseError(number); }
  absl::StatusOr<std::optional<PromotionRecord>> NewestPromotion() override {
    absl::MutexLock lock(&mutex_);
    if (promotions_.empty()) return std::nullopt;
    return promotions_.back();
  }
  absl::Status AppendPromotion(PromotionRecord promotion, int64_t after) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    if (std::ssize(promotions_) != after) return OtherPromotionError(std::ssize(promotions_), after);
    promotion.seq = after + 1;
    promotions_.push_back(std::move(promotion));
    return absl::OkStatus();
  }

  absl::Status SaveLedgerState(LedgerStateRecord state) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const int64_t number = state.number;
    if (!ledger_states_.try_emplace(number, std::move(state)).second) return RepeatedLedgerStateError(number);
    while (ledger_states_.size() > size_t{kStatesKept}) ledger_states_.erase(ledger_states_.begin());
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<LedgerStateRecord>> NewestLedgerState() override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    if (ledger_states_.empty()) return std::nullopt;
    return ledger_states_.rbegin()->second;
  }

  absl::StatusOr<LogTail> ReadTail(LogCursor from, int64_t limit) override;

  absl::StatusOr<std::optional<ObservedDecision>> Find(const DecisionId& id) override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) return std::nullopt;
    return *it->second;
  }

  absl::Status ScanDecisions(int64_t after, int64_t limit,
                             const std::function<bool(const DecisionRecord&)>& visit) override {
    for (int64_t seq = std::max<int64_t>(after, 0) + 1; limit > 0; ++seq, --limit) {
      const DecisionRecord* decision = nullptr;
      {
        absl::MutexLock lock(&mutex_);
        if (closed_) return ClosedError();
        seq = std::max(seq, deleted_ + 1);
        if (seq > LastSeq()) break;
        decision = &RowAt(seq).decision;  // never moves and never changes; it is not deleted during a scan
      }
      if (!visit(*decision)) break;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> LastDecisionSeq() override {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    return LastSeq();
  }

  uint64_t salt() const override { return salt_; }
  LogCounters counters() const override {
    absl::MutexLock lock(&mutex_);
    return counters_;
  }
  void SetCommitListener(std::function<void()> listener) override { listener_ = std::move(listener); }

  absl::Status Close() override {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    return absl::OkStatus();
  }

 private:
  void Answer(absl::StatusOr<Receipt> receipt, const Done& done) {
    const bool added = receipt.ok() && !receipt->duplicate;
    if (done) done(std::move(receipt));
    if (added && listener_) listener_();
  }

  absl::StatusOr<Receipt> RecordOutcome(OutcomeRecord outcome) {
    SUFFICE_RETURN_IF_ERROR(CheckOutcome(outcome));
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto found = by_id_.find(outcome.outcome.decision_id);
    if (found == by_id_.end()) {
      ++counters_.unknown_outcomes;
      return UnknownDecisionError(outcome.outcome.decision_id);
    }
    ObservedDecision& row = *found->second;
    SUFFICE_RETURN_IF_ERROR(CheckTenant(row.decision.tenant, outcome.outcome.tenant));
    if (row.outcome) return Count(AnswerRepeatedOutcome(row.outcome->outcome, outcome.outcome));
    AddOutcome(row, std::move(outcome));
    return Receipt{.seq = row.outcome->seq, .cost_nanos = row.outcome->cost_nanos};
  }

  absl::StatusOr<Receipt> RecordFeedback(FeedbackRecord feedback) {
    SUFFICE_RETURN_IF_ERROR(CheckFeedback(feedback));
    absl::MutexLock lock(&mutex_);
    if (closed_) return ClosedError();
    const auto found = by_id_.find(feedback.feedback.decision_id);
    if (found == by_id_.end()) {
      ++counters_.unknown_feedbacks;
      return UnknownDecisionError(feedback.feedback.decision_id);
    }
    ObservedDecision& row = *found->second;
    SUFFICE_RETURN_IF_ERROR(CheckTenant(row.decision.tenant, feedback.feedback.tenant));
    const auto earlier = feedback_by_key_.find(FeedbackKey(feedback.feedback));
    if (earlier != feedback_by_key_.end()) {
      const auto& [stored_row, index] = earlier->second;
      return Count(AnswerRepeatedFeedback(stored_row->feedback[index].feedback, feedback.feedback));
    }
    AddFeedback(row, std::move(feedback));
    return Receipt{.seq = row.feedback.back().seq};
  }

  absl::StatusOr<Receipt> Count(absl::StatusOr<Receipt> repeated) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (repeated.ok()) ++counters_.duplicates;
    return repeated;
  }

  ObservedDecision& AddDecision(DecisionRecord decision) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ObservedDecision& row = rows_.emplace_back();
    row.decision = std::move(decision);
    row.decision.seq = LastSeq();
    row.decision.tier_ordinal = tier_counts_[row.decision.tier]++;
    by_id_.emplace(row.decision.id, &row);
    ++counters_.decisions;
    return row;
  }

  void AddOutcome(ObservedDecision& row, OutcomeRecord outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    outcomes_.push_back(row.decision.seq);
    outcome.seq = static_cast<int64_t>(outcomes_.size());
    counters_.wrong_model_outcomes += outcome.wrong_model;
    row.outcome = std::move(outcome);
    ++counters_.outcomes;
  }

  void AddFeedback(ObservedDecision& row, FeedbackRecord feedback) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    feedbacks_.push_back(row.decision.seq);
    feedback.seq = static_cast<int64_t>(feedbacks_.size());
    feedback_by_key_.emplace(FeedbackKey(feedback.feedback), std::make_pair(&row, row.feedback.size()));
    row.feedback.push_back(std::move(feedback));
    ++counters_.feedbacks;
  }

  int64_t LastSeq() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return deleted_ + std::ssize(rows_); }
  ObservedDecision& RowAt(int64_t seq) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return rows_[static_cast<size_t>(seq - deleted_ - 1)];
  }

  // Of all but the newest few and the bases.
  void DropStates() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (with_state_.size() > size_t{kStatesKept}) with_state_.pop_front();
    for (auto& [number, snapshot] : snapshots_) {
      const bool keeps = std::binary_search(with_state_.begin(), with_state_.end(), number) || bases_.contains(number);
      if (!keeps) snapshot.state = std::string();
    }
  }

  void DropSnapshotsUpTo(int64_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::map<int64_t, int64_t> newest;  // by release
    for (const auto& [each, snapshot] : snapshots_) newest[snapshot.release] = each;
    for (auto it = snapshots_.begin(); it != snapshots_.end() && it->first <= number;) {
      const bool goes = it->second.state.empty() && newest[it->second.release] != it->first;
      it = goes ? snapshots_.erase(it) : std::next(it);
    }
  }

  const uint64_t salt_;
  std::function<void()> listener_;  // set before the first append
  mutable absl::Mutex mutex_;
  int64_t deleted_ ABSL_GUARDED_BY(mutex_) = 0;                // decisions, from the first on
  std::deque<ObservedDecision> rows_ ABSL_GUARDED_BY(mutex_);  // by seq - 1 - deleted_; rows never move
  std::unordered_map<DecisionId, ObservedDecision*, IdHash> by_id_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::pair<ObservedDecision*, size_t>> feedback_by_key_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> outcomes_ ABSL_GUARDED_BY(mutex_);   // outcome seq - 1 -> decision seq
  std::vector<int64_t> feedbacks_ ABSL_GUARDED_BY(mutex_);  // feedback seq - 1 -> decision seq
  std::unordered_map<std::string, int64_t> tier_counts_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::string> configs_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, std::string> feature_sets_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, SnapshotRecord> snapshots_ ABSL_GUARDED_BY(mutex_);
  std::deque<int64_t> with_state_ ABSL_GUARDED_BY(mutex_);  // numbers, ascending, at most kStatesKept
  std::set<int64_t> bases_ ABSL_GUARDED_BY(mutex_);         // numbers
  std::map<int64_t, LedgerStateRecord> ledger_states_ ABSL_GUARDED_BY(mutex_);
  std::vector<PromotionRecord> promotions_ ABSL_GUARDED_BY(mutex_);
  LogCounters counters_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// Moves `cursor` on by at most `limit` events and adds their decisions to `touched`. True when more are left.
bool Advance(const std::vector<int64_t>& events, int64_t limit, int64_t& cursor, std::vector<int64_t>& touched) {
  const int64_t size = static_cast<int64_t>(events.size());
  const int64_t begin = std::clamp<int64_t>(cursor, 0, size);
  const int64_t end = begin + std::clamp<int64_t>(limit, 0, size - begin);
  touched.insert(touched.end(), events.begin() + begin, events.begin() + end);
  if (end > begin) cursor = end;
  return end < size;
}

absl::StatusOr<LogTail> MemoryLog::ReadTail(LogCursor from, int64_t limit) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  LogTail tail{.end = from};
  std::vector<int64_t> touched;
  const bool more_outcomes = Advance(outcomes_, limit, tail.end.outcome_seq, touched);
  const bool more_feedbacks = Advance(feedbacks_, limit, tail.end.feedback_seq, touched);
  tail.more = more_outcomes || more_feedbacks;
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  tail.touched.reserve(touched.size());
  for (const int64_t seq : touched) {
    if (seq <= deleted_) continue;
    const ObservedDecision& row = RowAt(seq);
    ObservedDecision& copy = tail.touched.emplace_back();
    copy.decision = row.decision;
    if (row.outcome && row.outcome->seq <= tail.end.outcome_seq) copy.outcome = row.outcome;
    for (const FeedbackRecord& feedback : row.feedback) {
      if (feedback.seq <= tail.end.feedback_seq) copy.feedback.push_back(feedback);
    }
  }
  return tail;
}

}  // namespace

std::unique_ptr<EventLog> NewMemoryLog(uint64_t salt) { return std::make_unique<MemoryLog>(salt); }

}  // namespace suffice
