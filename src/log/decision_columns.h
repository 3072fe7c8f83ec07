// The columns of `decisions` and how a record goes in and out of them. Kept in one place, so that order cannot drift.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "log/records.h"
#include "log/sqlite.h"

namespace suffice {

// In the order that BindDecision and ReadDecision use. `seq` comes last, as it is not bound.
inline constexpr std::string_view kDecisionColumns =
    "id, tenant, request_id, session, time_us, origin, tier, tier_ordinal, policy_tier, caller_tier, propensity, seed, "
    "snapshot, config_hash, price_version, reserved_cost_nanos, audit, audit_probability, keep_probability, "
    "input_tokens_estimate, cost_usd, cost_low_usd, cost_high_usd, latency_ms, latency_low_ms, latency_high_ms, "
    "multipliers, tiers, feature_version, features, sketch, prompt, max_output_tokens, infeasible, "
    "call_max_output_tokens, session_tier, release";
inline constexpr int kDecisionColumnCount = 37;

// Encoded values, which must outlive the statement's run; reused from row to row.
struct DecisionScratch {
  std::string multipliers, tiers, features;
};

// Binds parameters 1 to kDecisionColumnCount.
void BindDecision(const DecisionRecord& decision, int64_t tier_ordinal, DecisionScratch& scratch, Statement& insert);
// Reads a row of "SELECT <kDecisionColumns>, seq".
absl::StatusOr<DecisionRecord> ReadDecision(const Statement& row);

}  // namespace suffice
