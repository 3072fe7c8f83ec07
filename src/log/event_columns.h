// The columns of `outcomes` and `feedback` and how records are read from them.
#pragma once

#include "absl/status/statusor.h"
#include "log/records.h"
#include "log/sqlite.h"

namespace suffice {

// What ReadOutcome reads, in its order. The decision's id and tenant are the caller's to fill in.
inline constexpr std::string_view kOutcomeColumns =
    "seq, time_us, status, input_tokens, output_tokens, cost_usd, cost_nanos, time_to_first_token_ms, latency_ms, "
    "retries, served_tier, cached_input_tokens, reasoning_tokens, served_model, wrong_model";
inline constexpr int kOutcomeColumnCount = 15;
absl::StatusOr<OutcomeRecord> ReadOutcome(const Statement& row);

// What ReadFeedback reads, in its order. The decision's id is the caller's to fill in.
inline constexpr std::string_view kFeedbackColumns =
    "seq, time_us, tenant, feedback_id, reward, source, judge_version, decision_seq, sender";
inline constexpr int kFeedbackDecisionColumn = 7;
absl::StatusOr<FeedbackRecord> ReadFeedback(const Statement& row);

// False, and a warning, for what no log accepts (log/rules.h): the row is damaged, or was imported, and nothing may be
// learned from it.
bool CanBe(const OutcomeRecord& outcome);
bool CanBe(const FeedbackRecord& feedback);

}  // namespace suffice
