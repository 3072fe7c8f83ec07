// What every event log accepts, and what it answers: the rules that the implementations share, so that they cannot
// differ.
// Thread contract: pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/records.h"

namespace suffice {

// INVALID_ARGUMENT naming the first number that no call can have, such as negative tokens or a reward outside [0, 1].
absl::Status CheckNumbers(const Outcome& outcome);
absl::Status CheckNumbers(const Feedback& feedback);
// INVALID_ARGUMENT naming the field that no row can hold: such a number, one that is not finite, an empty feedback id. The
// values in `tiers` and `multipliers` are free: there, what is not finite is kept as NaN.
absl::Status CheckDecision(const DecisionRecord& decision);
absl::Status CheckOutcome(const OutcomeRecord& outcome);
absl::Status CheckFeedback(const FeedbackRecord& feedback);
// The three rows of an evaluation, which must name the same decision and tenant.
absl::Status CheckEvaluation(const DecisionRecord& decision, const OutcomeRecord& outcome,
                             const std::optional<FeedbackRecord>& feedback);

// PERMISSION_DENIED unless both are the same.
absl::Status CheckTenant(std::string_view decision_tenant, std::string_view tenant);
// What to answer when `sent` arrives for a decision that has `stored`: a receipt with duplicate = true when the caller
// sent the same values (arrival time and settled cost, which are not the caller's, may differ); else ALREADY_EXISTS.
absl::StatusOr<Receipt> AnswerRepeatedOutcome(const Outcome& stored, const Outcome& sent);
// The same for a feedback id that the tenant has used before.
absl::StatusOr<Receipt> AnswerRepeatedFeedback(const Feedback& stored, const Feedback& sent);
// What to answer when `bytes` are saved under a key that holds `stored`: OK when they are the same; else
// ALREADY_EXISTS. `what` names the key.
absl::Status AnswerRepeatedBlob(std::string_view what, std::string_view stored, std::string_view bytes);

absl::Status UnknownDecisionError(const DecisionId& id);
absl::Status RepeatedSnapshotError(int64_t number);
absl::Status NoStateError(int64_t number);
absl::Status RepeatedLedgerStateError(int64_t number);
absl::Status UnknownReleaseError(int64_t number);
absl::Status OtherPromotionError(int64_t newest, int64_t expected);
absl::Status ClosedError();

// How many snapshots keep their state, and how many states of the ledger are kept.
inline constexpr int kStatesKept = 3;
// How many rows of snapshots without a state are kept, beside the newest one of each release; and how many are deleted at
// a time.
inline constexpr int64_t kSnapshotsKept = 1000;
inline constexpr int64_t kSnapshotsDroppedAtOnce = 64;

}  // namespace suffice
