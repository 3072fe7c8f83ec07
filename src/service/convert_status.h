// The state of the service as messages and JSON of proto/suffice/v1/admin.proto.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "service/service_status.h"
#include "suffice/v1/admin.pb.h"

namespace suffice {

v1::LimitState ToProto(LimitState state);
v1::BudgetKind ToProto(BudgetKind kind);
void ToProto(const ServiceReport& report, v1::AdminServiceGetStatusResponse* response);

enum class JsonLayout { kPretty, kOneLine };
// Names as in the .proto, every field there. An empty text when it cannot be written (invalid UTF-8).
std::string ToJson(const v1::AdminServiceGetStatusResponse& response, JsonLayout layout);

}  // namespace suffice
