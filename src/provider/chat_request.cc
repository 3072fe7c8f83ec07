#include "provider/chat_request.h"

#include <nlohmann/json.hpp>

namespace suffice {

std::string ChatRequestJson(const ChatCall& call) {
  using Json = nlohmann::ordered_json;
  Json messages = Json::array();
  for (const Message& message : call.messages) {
    messages.push_back(Json{{"role", message.role}, {"content", message.content}});
  }
  Json body{{"model", call.model}, {"messages", std::move(messages)}, {"temperature", call.temperature}};
  if (call.max_output_tokens > 0) body["max_tokens"] = call.max_output_tokens;
  if (call.thinking_budget_tokens > 0) {
    body["thinking"] = Json{{"type", "enabled"}, {"budget_tokens", call.thinking_budget_tokens}};
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace suffice
