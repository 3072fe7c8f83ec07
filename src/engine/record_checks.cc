#include "engine/record_checks.h"

#include "base/label.h"
#include "base/status_macros.h"
#include "log/rules.h"
#include "suffice/status.h"

namespace suffice {

absl::Status CheckOutcome(const Outcome& outcome) {
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", outcome.tenant));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("served_tier", outcome.served_tier));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("served_model", outcome.served_model));
  return CheckNumbers(outcome);
}

absl::Status CheckFeedback(const Feedback& feedback) {
  if (feedback.feedback_id.empty())
    return InvalidField("feedback_id", "expected an id, so that sending twice counts once");
  SUFFICE_RETURN_IF_ERROR(CheckLabel("feedback_id", feedback.feedback_id));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", feedback.tenant));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("judge_version", feedback.judge_version));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("sender", feedback.sender));
  return CheckNumbers(feedback);
}

}  // namespace suffice
