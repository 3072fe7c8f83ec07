// The body of an OpenAI-compatible POST /chat/completions.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "provider/chat_client.h"

namespace suffice {

// Bytes that are not UTF-8 are replaced. max_tokens and thinking ({"type": "enabled", "budget_tokens": N}) are sent
// where the call sets them.
std::string ChatRequestJson(const ChatCall& call);

}  // namespace suffice
