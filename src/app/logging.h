// Log lines on standard error: text for people or one JSON object a line for machines. Prompts never go here.
// Thread contract: call once, before other threads start.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace suffice {

// `format`: "text" or "json" ({"time", "level", "message"}). `level`: a name that spdlog knows, for example "info".
void SetUpLogging(const std::string& format, const std::string& level);

}  // namespace suffice
