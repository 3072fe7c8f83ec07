#include "service/convert_enums.h"

#include <fmt/format.h>

#include "suffice/status.h"

namespace suffice {

v1::ExclusionReason ToProto(ExclusionReason reason) {
  switch (reason) {
    case ExclusionReason::kNone:
      return v1::EXCLUSION_REASON_UNSPECIFIED;
    case ExclusionReason::kNotAllowed:
      return v1::EXCLUSION_REASON_NOT_ALLOWED;
    case ExclusionReason::kNotPinned:
      return v1::EXCLUSION_REASON_NOT_PINNED;
    case ExclusionReason::kMissingCapability:
      return v1::EXCLUSION_REASON_MISSING_CAPABILITY;
    case ExclusionReason::kContextWindow:
      return v1::EXCLUSION_REASON_CONTEXT_WINDOW;
    case ExclusionReason::kRequestCost:
      return v1::EXCLUSION_REASON_REQUEST_COST;
    case ExclusionReason::kRequestLatency:
      return v1::EXCLUSION_REASON_REQUEST_LATENCY;
    case ExclusionReason::kRequestQuality:
      return v1::EXCLUSION_REASON_REQUEST_QUALITY;
    case ExclusionReason::kBudget:
      return v1::EXCLUSION_REASON_BUDGET;
    case ExclusionReason::kCostGuard:
      return v1::EXCLUSION_REASON_COST_GUARD;
    case ExclusionReason::kQualityGuard:
      return v1::EXCLUSION_REASON_QUALITY_GUARD;
    case ExclusionReason::kSession:
      return v1::EXCLUSION_REASON_SESSION;
    case ExclusionReason::kInfeasible:
      return v1::EXCLUSION_REASON_INFEASIBLE;
  }
  return v1::EXCLUSION_REASON_UNSPECIFIED;
}

v1::ServiceMode ToProto(Mode mode) {
  switch (mode) {
    case Mode::kLive:
      return v1::SERVICE_MODE_LIVE;
    case Mode::kApprentice:
      return v1::SERVICE_MODE_APPRENTICE;
    case Mode::kLogOnly:
      return v1::SERVICE_MODE_LOG_ONLY;
  }
  return v1::SERVICE_MODE_UNSPECIFIED;
}

absl::StatusOr<CallStatus> FromProto(v1::CallStatus status) {
  switch (status) {
    case v1::CALL_STATUS_UNSPECIFIED:
    case v1::CALL_STATUS_OK:
      return CallStatus::kOk;
    case v1::CALL_STATUS_ERROR:
      return CallStatus::kError;
    case v1::CALL_STATUS_TIMEOUT:
      return CallStatus::kTimeout;
    case v1::CALL_STATUS_REFUSED:
      return CallStatus::kRefused;
    case v1::CALL_STATUS_CANCELLED:
      return CallStatus::kCancelled;
    default:
      return InvalidField("status", fmt::format("unknown value {}", static_cast<int>(status)));
  }
}

absl::StatusOr<FeedbackSource> FromProto(v1::FeedbackSource source) {
  switch (source) {
    case v1::FEEDBACK_SOURCE_UNSPECIFIED:
    case v1::FEEDBACK_SOURCE_USER:
      return FeedbackSource::kUser;
    case v1::FEEDBACK_SOURCE_JUDGE:
      return FeedbackSource::kJudge;
    case v1::FEEDBACK_SOURCE_CHECK:
      return FeedbackSource::kCheck;
    default:
      return InvalidField("source", fmt::format("unknown value {}", static_cast<int>(source)));
  }
}

}  // namespace suffice
