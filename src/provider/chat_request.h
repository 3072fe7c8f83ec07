// The body of an OpenAI-compatible POST /chat/completions.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "provider/chat_client.h"

namespace suffice {

// How a model wants its parameters, where it does not take them as most do; its refusals tell.
struct Dialect {
  bool max_completion_tokens = false;  // in place of max_tokens
  bool default_temperature = false;    // and no other
};
// Learns from a refusal of `parameter`; false: there is nothing to be learnt.
bool Learn(Dialect& dialect, std::string_view parameter);

// Bytes that are not UTF-8 are replaced. Sent where the call sets them: max_tokens (answer and thinking together, as
// services count) and thinking ({"type": "enabled", "budget_tokens": N}).
std::string ChatRequestJson(const ChatCall& call, const Dialect& dialect = {});

// What the call can cost at most, its max_output_tokens being set: no token is shorter than a byte.
double WorstCostUsd(const ChatCall& call);

}  // namespace suffice
