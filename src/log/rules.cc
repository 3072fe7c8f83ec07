#include "log/rules.h"

#include <fmt/format.h>

#include <cmath>

#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

absl::Status CheckFinite(std::string_view field, double value) {
  if (std::isfinite(value)) return absl::OkStatus();
  return InvalidField(field, fmt::format("expected a finite number, got {}", value));
}

constexpr int64_t kMaxTokens = 1'000'000'000;  // of one call; keeps its cost within integer nano-dollars

absl::Status CheckNonNegative(const char* field, const std::optional<double>& value) {
  if (!value || (std::isfinite(*value) && *value >= 0)) return absl::OkStatus();
  return InvalidField(field, fmt::format("expected a finite number >= 0, got {}", *value));
}

absl::Status CheckTokens(const char* field, const std::optional<int64_t>& value) {
  if (!value || (*value >= 0 && *value <= kMaxTokens)) return absl::OkStatus();
  return InvalidField(field, fmt::format("expected 0 to {}, got {}", kMaxTokens, *value));
}

// Tokens that are part of others.
absl::Status CheckPart(const char* field, const std::optional<int64_t>& part, const char* whole_field,
                       const std::optional<int64_t>& whole) {
  SUFFICE_RETURN_IF_ERROR(CheckTokens(field, part));
  if (!part || !whole || *part <= *whole) return absl::OkStatus();
  return InvalidField(field, fmt::format("expected at most {} ({}), of which they are a part, got {}", whole_field,
                                         *whole, *part));
}

}  // namespace

absl::Status CheckNumbers(const Outcome& outcome) {
  SUFFICE_RETURN_IF_ERROR(CheckTokens("input_tokens", outcome.input_tokens));
  SUFFICE_RETURN_IF_ERROR(CheckTokens("output_tokens", outcome.output_tokens));
  SUFFICE_RETURN_IF_ERROR(
      CheckPart("cached_input_tokens", outcome.cached_input_tokens, "input_tokens", outcome.input_tokens));
  SUFFICE_RETURN_IF_ERROR(
      CheckPart("reasoning_tokens", outcome.reasoning_tokens, "output_tokens", outcome.output_tokens));
  SUFFICE_RETURN_IF_ERROR(CheckNonNegative("cost_usd", outcome.cost_usd));
  SUFFICE_RETURN_IF_ERROR(CheckNonNegative("time_to_first_token_ms", outcome.time_to_first_token_ms));
  SUFFICE_RETURN_IF_ERROR(CheckNonNegative("latency_ms", outcome.latency_ms));
  if (outcome.cost_usd && *outcome.cost_usd > 1e6)
    return InvalidField("cost_usd", "expected at most 1e6 dollars for one call");
  if (outcome.retries < 0) return InvalidField("retries", "expected 0 or more");
  return absl::OkStatus();
}

absl::Status CheckNumbers(const Feedback& feedback) {
  if (!(feedback.reward >= 0 && feedback.reward <= 1)) {
    return InvalidField("reward", fmt::format("expected a number in [0, 1], got {}", feedback.reward));
  }
  return absl::OkStatus();
}

absl::Status CheckDecision(const DecisionRecord& decision) {
  SUFFICE_RETURN_IF_ERROR(CheckFinite("input_tokens_estimate", decision.input_tokens_estimate));
  SUFFICE_RETURN_IF_ERROR(CheckFinite("propensity", decision.propensity));
  SUFFICE_RETURN_IF_ERROR(CheckFinite("audit_probability", decision.audit_probability));
  return CheckFinite("keep_probability", decision.keep_probability);
}

absl::Status CheckOutcome(const OutcomeRecord& outcome) {
  if (outcome.cost_nanos < 0) {
    return InvalidField("cost_nanos", fmt::format("expected 0 or more, got {}", outcome.cost_nanos));
  }
  return CheckNumbers(outcome.outcome);
}

absl::Status CheckFeedback(const FeedbackRecord& feedback) {
  if (feedback.feedback.feedback_id.empty()) return InvalidField("feedback_id", "expected an id, got none");
  return CheckNumbers(feedback.feedback);
}

absl::Status CheckEvaluation(const DecisionRecord& decision, const OutcomeRecord& outcome,
                             const std::optional<FeedbackRecord>& feedback) {
  SUFFICE_RETURN_IF_ERROR(CheckDecision(decision));
  SUFFICE_RETURN_IF_ERROR(CheckOutcome(outcome));
  if (feedback) SUFFICE_RETURN_IF_ERROR(CheckFeedback(*feedback));
  if (outcome.outcome.decision_id != decision.id || (feedback && feedback->feedback.decision_id != decision.id)) {
    return InvalidField("decision_id", "expected the evaluation's own decision");
  }
  if (outcome.outcome.tenant != decision.tenant || (feedback && feedback->feedback.tenant != decision.tenant)) {
    return InvalidField("tenant", "expected the evaluation's own tenant");
  }
  return absl::OkStatus();
}

absl::Status CheckTenant(std::string_view decision_tenant, std::string_view tenant) {
  if (decision_tenant == tenant) return absl::OkStatus();
  return absl::PermissionDeniedError("the decision belongs to another tenant");
}

absl::StatusOr<Receipt> AnswerRepeatedOutcome(const Outcome& stored, const Outcome& sent) {
  const bool same = stored.status == sent.status && stored.input_tokens == sent.input_tokens &&
                    stored.output_tokens == sent.output_tokens && stored.cost_usd == sent.cost_usd &&
                    stored.time_to_first_token_ms == sent.time_to_first_token_ms &&
                    stored.latency_ms == sent.latency_ms && stored.retries == sent.retries &&
                    stored.served_tier == sent.served_tier &&
                    stored.cached_input_tokens == sent.cached_input_tokens &&
                    stored.reasoning_tokens == sent.reasoning_tokens && stored.served_model == sent.served_model;
  if (same) return Receipt{.duplicate = true};
  return absl::AlreadyExistsError(
      fmt::format("decision {} has an outcome with other values", sent.decision_id.ToString()));
}

absl::StatusOr<Receipt> AnswerRepeatedFeedback(const Feedback& stored, const Feedback& sent) {
  const bool same = stored.decision_id == sent.decision_id && stored.reward == sent.reward &&
                    stored.source == sent.source && stored.judge_version == sent.judge_version;
  if (same) return Receipt{.duplicate = true};
  return absl::AlreadyExistsError(
      fmt::format("feedback id \"{}\" was used before with other values", sent.feedback_id));
}

absl::Status AnswerRepeatedBlob(std::string_view what, std::string_view stored, std::string_view bytes) {
  if (stored == bytes) return absl::OkStatus();
  return absl::AlreadyExistsError(fmt::format("{} was saved before with other contents", what));
}

absl::Status UnknownDecisionError(const DecisionId& id) {
  return absl::NotFoundError(fmt::format("decision {} is not in the log, or not any more", id.ToString()));
}

absl::Status RepeatedSnapshotError(int64_t number) {
  return absl::AlreadyExistsError(fmt::format("snapshot {} was saved before", number));
}

absl::Status NoStateError(int64_t number) {
  return absl::NotFoundError(fmt::format("snapshot {} has no state to make a base of", number));
}

absl::Status RepeatedLedgerStateError(int64_t number) {
  return absl::AlreadyExistsError(fmt::format("ledger state {} was saved before", number));
}

absl::Status UnknownReleaseError(int64_t number) {
  return absl::NotFoundError(fmt::format("release {} is not in the log; `suffice snapshots` lists those that are", number));
}
absl::Status OtherPromotionError(int64_t newest, int64_t expected) {
  return absl::AbortedError(fmt::format("promotion {} came after promotion {}", newest, expected));
}
absl::Status ClosedError() { return absl::UnavailableError("the event log is closed"); }

}  // namespace suffice
