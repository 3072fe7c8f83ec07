#include "log/decision_columns.h"

#include "base/status_macros.h"
#include "log/row_codec.h"

namespace suffice {

void BindDecision(const DecisionRecord& decision, int64_t tier_ordinal, DecisionScratch& scratch, Statement& insert) {
  EncodeMultipliers(decision.multipliers, scratch.multipliers);
  EncodeTiers(decision.tiers, scratch.tiers);
  EncodeFeatures(decision.features, scratch.features);
  int p = 0;
  insert.BindBlob(++p, decision.id.Raw());
  insert.BindText(++p, decision.tenant);
  insert.BindText(++p, decision.request_id);
  insert.BindText(++p, decision.session);
  insert.BindInt(++p, decision.time_us);
  insert.BindText(++p, EncodeOrigin(decision.origin));
  insert.BindText(++p, decision.tier);
  insert.BindInt(++p, tier_ordinal);
  insert.BindText(++p, decision.policy_tier);
  insert.BindText(++p, decision.caller_tier);
  insert.BindDouble(++p, decision.propensity);
  insert.BindInt(++p, static_cast<int64_t>(decision.seed));
  insert.BindInt(++p, decision.snapshot);
  insert.BindText(++p, decision.config_hash);
  insert.BindText(++p, decision.price_version);
  insert.BindInt(++p, decision.reserved_cost_nanos);
  insert.BindInt(++p, int64_t{decision.audit});
  insert.BindDouble(++p, decision.audit_probability);
  insert.BindDouble(++p, decision.keep_probability);
  insert.BindDouble(++p, decision.input_tokens_estimate);
  for (const Estimate& estimate : {decision.cost_usd, decision.latency_ms}) {
    for (const double value : {estimate.value, estimate.low, estimate.high}) insert.BindDouble(++p, value);
  }
  insert.BindText(++p, scratch.multipliers);
  insert.BindText(++p, scratch.tiers);
  insert.BindInt(++p, static_cast<int64_t>(decision.feature_version));
  insert.BindBlob(++p, scratch.features);
  insert.BindBlob(++p, decision.sketch);
  if (decision.prompt) {
    insert.BindText(++p, *decision.prompt);
  } else {
    insert.BindNull(++p);
  }
  insert.BindInt(++p, decision.max_output_tokens);
  insert.BindText(++p, decision.infeasible);
  insert.BindInt(++p, decision.call_max_output_tokens);
  insert.BindText(++p, decision.session_tier);
  insert.BindInt(++p, decision.release);
}

absl::StatusOr<DecisionRecord> ReadDecision(const Statement& row) {
  DecisionRecord decision;
  int c = 0;
  decision.id = DecisionId::FromRaw(row.Bytes(c++));
  decision.tenant = row.Bytes(c++);
  decision.request_id = row.Bytes(c++);
  decision.session = row.Bytes(c++);
  decision.time_us = row.Int(c++);
  SUFFICE_ASSIGN_OR_RETURN(decision.origin, DecodeOrigin(row.Bytes(c++)));
  decision.tier = row.Bytes(c++);
  decision.tier_ordinal = row.Int(c++);
  decision.policy_tier = row.Bytes(c++);
  decision.caller_tier = row.Bytes(c++);
  decision.propensity = row.Double(c++);
  decision.seed = static_cast<uint64_t>(row.Int(c++));
  decision.snapshot = row.Int(c++);
  decision.config_hash = row.Bytes(c++);
  decision.price_version = row.Bytes(c++);
  decision.reserved_cost_nanos = row.Int(c++);
  decision.audit = row.Int(c++) != 0;
  decision.audit_probability = row.Double(c++);
  decision.keep_probability = row.Double(c++);
  decision.input_tokens_estimate = row.Double(c++);
  for (Estimate* estimate : {&decision.cost_usd, &decision.latency_ms}) {
    for (double* value : {&estimate->value, &estimate->low, &estimate->high}) *value = row.Double(c++);
  }
  SUFFICE_ASSIGN_OR_RETURN(decision.multipliers, DecodeMultipliers(row.Bytes(c++)));
  SUFFICE_ASSIGN_OR_RETURN(decision.tiers, DecodeTiers(row.Bytes(c++)));
  decision.feature_version = static_cast<uint64_t>(row.Int(c++));
  SUFFICE_ASSIGN_OR_RETURN(decision.features, DecodeFeatures(row.Bytes(c++)));
  decision.sketch = row.Bytes(c++);
  if (!row.IsNull(c)) decision.prompt = row.String(c);
  ++c;
  decision.max_output_tokens = row.Int(c++);
  decision.infeasible = row.Bytes(c++);
  decision.call_max_output_tokens = row.Int(c++);
  decision.session_tier = row.Bytes(c++);
  decision.release = row.Int(c++);
  decision.seq = row.Int(c);
  return decision;
}

}  // namespace suffice
