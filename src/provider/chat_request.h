// The body of an OpenAI-compatible POST /chat/completions.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "provider/chat_client.h"

namespace suffice {

// Bytes that are not UTF-8 are replaced. Sent where the call sets them: max_tokens (answer and thinking together, as
// services count) and thinking ({"type": "enabled", "budget_tokens": N}).
std::string ChatRequestJson(const ChatCall& call);

// What the call can cost at most, its max_output_tokens being set: no token is shorter than a byte.
double WorstCostUsd(const ChatCall& call);

}  // namespace suffice
