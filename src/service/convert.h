// Messages of proto/suffice/v1 <-> the plain types of include/suffice/types.h. What the engine cannot see any more is
// checked here: missing one-ofs, unknown enum values, malformed decision ids, lengths of labels, rewards that are no
// rewards.
// Thread contract: pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "suffice/engine.h"
#include "suffice/types.h"
#include "suffice/v1/router.pb.h"

namespace suffice {

// Lists and maps of labels in a request: at most this many entries.
inline constexpr int kMaxLabels = 256;

// INVALID_ARGUMENT names the field. The engine checks the rest: sizes of prompt and embedding, tier names, negative
// numbers.
absl::StatusOr<RouteRequest> FromProto(const v1::RouteRequest& request);
absl::StatusOr<Outcome> FromProto(const v1::OutcomeRequest& request);
// Stars become (stars - 1) / 4, thumbs 1 or 0.
absl::StatusOr<Feedback> FromProto(const v1::FeedbackRequest& request);
// INVALID_ARGUMENT naming "decision_id".
absl::StatusOr<DecisionId> ParseDecisionId(const std::string& text);

// An error of Engine::Route in the words of the message: its field "messages" is "chat.messages" there.
absl::Status WithProtoFieldNames(const absl::Status& status);

void ToProto(const Decision& decision, v1::RouteResponse* response);
void ToProto(const Explanation& explanation, v1::ExplainResponse* response);
void ToProto(const EngineStatus& status, v1::GetStatusResponse* response);

}  // namespace suffice
