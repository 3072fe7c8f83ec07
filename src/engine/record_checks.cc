#include "engine/record_checks.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/label.h"
#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

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

absl::Status CheckOutcome(const Outcome& outcome) {
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", outcome.tenant));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("served_tier", outcome.served_tier));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("served_model", outcome.served_model));
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

absl::Status CheckFeedback(const Feedback& feedback) {
  if (feedback.feedback_id.empty())
    return InvalidField("feedback_id", "expected an id, so that sending twice counts once");
  SUFFICE_RETURN_IF_ERROR(CheckLabel("feedback_id", feedback.feedback_id));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", feedback.tenant));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("judge_version", feedback.judge_version));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("sender", feedback.sender));
  if (!(feedback.reward >= 0 && feedback.reward <= 1)) {
    return InvalidField("reward", fmt::format("expected a number in [0, 1], got {}", feedback.reward));
  }
  return absl::OkStatus();
}

}  // namespace suffice
