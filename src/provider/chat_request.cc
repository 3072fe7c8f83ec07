#include "provider/chat_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace suffice {

bool Learn(Dialect& dialect, std::string_view parameter) {
  if (parameter == "max_tokens") return std::exchange(dialect.max_completion_tokens, true) == false;
  if (parameter == "temperature") return std::exchange(dialect.default_temperature, true) == false;
  return false;
}

std::string ChatRequestJson(const ChatCall& call, const Dialect& dialect) {
  using Json = nlohmann::ordered_json;
  Json messages = Json::array();
  for (const Message& message : call.messages) {
    messages.push_back(Json{{"role", message.role}, {"content", message.content}});
  }
  Json body{{"model", call.model}, {"messages", std::move(messages)}};
  if (!dialect.default_temperature) body["temperature"] = call.temperature;
  if (call.max_output_tokens > 0)
    body[dialect.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] =
        call.max_output_tokens + call.thinking_budget_tokens;
  if (call.thinking_budget_tokens > 0) {
    body["thinking"] = Json{{"type", "enabled"}, {"budget_tokens", call.thinking_budget_tokens}};
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double WorstCostUsd(const ChatCall& call) {
  constexpr size_t kOverheadTokens = 32;  // that services add to a message
  size_t input = 0;
  for (const Message& message : call.messages) input += message.content.size() + kOverheadTokens;
  const double input_usd = std::max(call.price.input_usd_per_mtok, call.price.cached_input_usd_per_mtok.value_or(0));
  const double output_usd = std::max(call.price.output_usd_per_mtok, call.price.reasoning_usd_per_mtok.value_or(0));
  return 1e-6 * (input_usd * static_cast<double>(input) +
                 output_usd * static_cast<double>(call.max_output_tokens + call.thinking_budget_tokens));
}

}  // namespace suffice
