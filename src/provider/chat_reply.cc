#include "provider/chat_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/model_name.h"
#include "provider/api_key.h"

namespace suffice {
namespace {

using Json = nlohmann::json;

constexpr std::array<long, 5> kRetriedStatuses = {429, 500, 502, 503, 504};

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string TextAt(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// Reads a body field by field and keeps the first thing that is not as expected.
class StrictReader {
 public:
  const std::string& error() const { return error_; }

  void Expect(bool as_expected, std::string_view field, std::string_view expected) {
    if (!as_expected && error_.empty()) error_ = fmt::format("{}: expected {}", field, expected);
  }
  // A string that may be missing.
  std::string Text(const Json& object, const char* key, std::string_view field) {
    const Json* value = Find(object, key);
    if (value == nullptr) return "";
    Expect(value->is_string(), field, "a string");
    return value->is_string() ? value->get<std::string>() : "";
  }
  int64_t Tokens(const Json* object, const char* key, std::string_view field, bool required) {
    const Json* value = object == nullptr ? nullptr : Find(*object, key);
    if (value == nullptr) {
      Expect(!required, field, "a number of tokens, got nothing");
      return 0;
    }
    const bool good = value->is_number_unsigned() && value->get<uint64_t>() <= 1'000'000'000'000;
    Expect(good, field, "a whole number of tokens >= 0");
    return good ? value->get<int64_t>() : 0;
  }

 private:
  std::string error_;
};

// The first choice; null, with an error, where there is none.
const Json* FirstChoice(const Json& body, StrictReader& reader) {
  const Json* choices = Find(body, "choices");
  const bool there = choices != nullptr && choices->is_array() && !choices->empty();
  reader.Expect(there, "choices", "a list of at least one");
  return there ? &(*choices)[0] : nullptr;
}

void ReadMessage(const Json& choice, StrictReader& reader, ChatAnswer& answer) {
  const Json* message = Find(choice, "message");
  reader.Expect(message != nullptr && message->is_object(), "choices.0.message", "an object");
  if (message == nullptr || !message->is_object()) return;
  answer.text = reader.Text(*message, "content", "choices.0.message.content");
  const std::string refusal = reader.Text(*message, "refusal", "choices.0.message.refusal");
  const std::string finish_reason = reader.Text(choice, "finish_reason", "choices.0.finish_reason");
  if (!refusal.empty() || finish_reason == "content_filter") {
    answer.status = CallStatus::kRefused;
    answer.error = refusal.empty() ? "stopped by the provider's content filter" : "refused: " + refusal;
    return;
  }
  // An answer that ran out of tokens while thinking has no text.
  const bool has_text = Find(*message, "content") != nullptr || finish_reason == "length";
  reader.Expect(has_text, "choices.0.message.content", "a string, got nothing");
}

bool ReadUsage(const Json& body, StrictReader& reader, ChatAnswer& answer) {
  const Json* usage = Find(body, "usage");
  if (usage == nullptr) return false;
  reader.Expect(usage->is_object(), "usage", "an object");
  answer.input_tokens = reader.Tokens(usage, "prompt_tokens", "usage.prompt_tokens", true);
  answer.output_tokens = reader.Tokens(usage, "completion_tokens", "usage.completion_tokens", true);
  answer.cached_input_tokens = reader.Tokens(Find(*usage, "prompt_tokens_details"), "cached_tokens",
                                             "usage.prompt_tokens_details.cached_tokens", false);
  answer.reasoning_tokens = reader.Tokens(Find(*usage, "completion_tokens_details"), "reasoning_tokens",
                                          "usage.completion_tokens_details.reasoning_tokens", false);
  return true;
}

Reply Ended(CallStatus status, std::string error, Next next, bool may_be_billed) {
  Reply reply;
  reply.next = next;
  reply.answer.status = status;
  reply.answer.error = std::move(error);
  reply.may_be_billed = may_be_billed;
  return reply;
}

// 200 with a body.
Reply ReadCompletion(const ChatCall& call, const RawReply& raw) {
  const Json body = Json::parse(raw.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) {
    return Ended(CallStatus::kError, "expected a JSON object with choices.0.message.content, got something else",
                 Next::kRetry, true);
  }
  Reply reply;
  StrictReader reader;
  ChatAnswer& answer = reply.answer;
  if (const Json* choice = FirstChoice(body, reader)) ReadMessage(*choice, reader, answer);
  reply.usage_told = ReadUsage(body, reader, answer);
  answer.served_model = reader.Text(body, "model", "model");
  reply.may_be_billed = true;
  if (!reader.error().empty()) return Ended(CallStatus::kError, reader.error(), Next::kRetry, true);
  answer.wrong_model = !answer.served_model.empty() && !IsSameModel(call.model, answer.served_model);
  return reply;
}

// A status that is not 200. Services put {"error": {"message", "code"}} into the body.
Reply ReadFailure(const RawReply& raw) {
  const Json body = Json::parse(raw.body, nullptr, /*allow_exceptions=*/false);
  const Json* error = Find(body, "error");
  std::string message = error == nullptr     ? ""
                        : error->is_string() ? error->get<std::string>()
                                             : TextAt(*error, "message");
  message = fmt::format("HTTP {}{}{}", raw.http_status, message.empty() ? "" : ": ", message);
  if (error != nullptr && TextAt(*error, "code") == "content_filter") {
    return Ended(CallStatus::kRefused, message, Next::kDone, false);
  }
  if (raw.http_status == 401) return Ended(CallStatus::kError, message, Next::kAbort, false);
  const bool again =
      std::find(kRetriedStatuses.begin(), kRetriedStatuses.end(), raw.http_status) != kRetriedStatuses.end();
  Reply reply = Ended(CallStatus::kError, message, again ? Next::kRetry : Next::kDone, false);
  const std::string code = error == nullptr ? "" : TextAt(*error, "code");
  if (raw.http_status == 400 && (code == "unsupported_parameter" || code == "unsupported_value")) {
    reply.refused_parameter = TextAt(*error, "param");
  }
  return reply;
}

Reply Read(const ChatCall& call, const RawReply& raw) {
  switch (raw.transport) {
    case Transport::kWhole:
      return raw.http_status == 200 ? ReadCompletion(call, raw) : ReadFailure(raw);
    case Transport::kTimeout:
      return Ended(CallStatus::kTimeout, raw.transport_error, Next::kRetry, raw.sent);
    case Transport::kCut:
    case Transport::kUnreachable:
      return Ended(CallStatus::kError, raw.transport_error, Next::kRetry, raw.sent);
    case Transport::kTooLarge:
      return Ended(CallStatus::kError, raw.transport_error, Next::kDone, true);
    case Transport::kBroken:
      return Ended(CallStatus::kError, raw.transport_error, Next::kDone, false);
  }
  return {};
}

}  // namespace

Reply ReadReply(const ChatCall& call, const RawReply& raw, std::string_view api_key) {
  Reply reply = Read(call, raw);
  reply.answer.error = SafeText(reply.answer.error, api_key);
  reply.answer.latency_ms = raw.latency_ms;
  return reply;
}

}  // namespace suffice
