// Prompts without answers, as JSON Lines: {"prompt": "..."} a line; other keys are ignored, so a traffic file will do.
// Thread contract: a pure function, but for the named file.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace suffice {

// Calls `visit` for each prompt, in bounded memory. NOT_FOUND: no such file. INVALID_ARGUMENT "file:line: prompt:
// expected ...".
absl::Status ForEachPrompt(const std::string& path, const std::function<void(const std::string& prompt)>& visit);

}  // namespace suffice
