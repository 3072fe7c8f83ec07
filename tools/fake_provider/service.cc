#include "service.h"

#include <fmt/format.h>

#include <optional>

#include "base/hash.h"

namespace suffice::fake {
namespace {

using Json = nlohmann::ordered_json;

int64_t RoughTokens(const std::string& text) { return static_cast<int64_t>(text.size()) / 4 + 1; }

Json Usage(int64_t input, int64_t output, int64_t cached, int64_t reasoning) {
  return {{"prompt_tokens", input},
          {"completion_tokens", output},
          {"total_tokens", input + output},
          {"prompt_tokens_details", {{"cached_tokens", cached}}},
          {"completion_tokens_details", {{"reasoning_tokens", reasoning}}}};
}

Json Completion(const std::string& id, const std::string& model, Json message, const Json& usage) {
  Json choice{{"index", 0}, {"message", std::move(message)}, {"finish_reason", "stop"}};
  return {{"id", id},
          {"object", "chat.completion"},
          {"created", 1'700'000'000},
          {"model", model},
          {"choices", Json::array({std::move(choice)})},
          {"usage", usage}};
}

Json Delta(const Json& completion, Json delta, const Json& finish_reason) {
  Json choice{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish_reason}};
  return {{"id", completion["id"]},
          {"object", "chat.completion.chunk"},
          {"created", completion["created"]},
          {"model", completion["model"]},
          {"choices", Json::array({std::move(choice)})}};
}

// A completion as a stream tells it: word by word, then the usage, then [DONE].
std::vector<std::string> Events(const Json& completion) {
  std::vector<std::string> events = {Delta(completion, {{"role", "assistant"}, {"content", ""}}, nullptr).dump()};
  const Json& content = completion["choices"][0]["message"]["content"];
  const std::string text = content.is_string() ? content.get<std::string>() : "";
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size() - 1) + 1;
    events.push_back(Delta(completion, {{"content", text.substr(at, end - at)}}, nullptr).dump());
    at = end;
  }
  events.push_back(Delta(completion, Json::object(), completion["choices"][0]["finish_reason"]).dump());
  Json usage = Delta(completion, Json::object(), nullptr);
  usage["choices"] = Json::array();
  usage["usage"] = completion["usage"];
  events.push_back(usage.dump());
  events.emplace_back("[DONE]");
  return events;
}

// Nothing, with what was expected, for a body that is no chat request.
bool ReadChat(const std::string& body, Json& request, std::string& error) {
  request = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object())
    error = "expected a JSON object";
  else if (!request.contains("model") || !request["model"].is_string())
    error = "model: expected a string";
  else if (!request.contains("messages") || !request["messages"].is_array() || request["messages"].empty())
    error = "messages: expected a list of at least one";
  else
    for (const Json& message : request["messages"]) {
      if (message.is_object() && message.contains("content") && message["content"].is_string()) continue;
      error = "messages: expected objects with role and content (a string)";
    }
  return error.empty();
}

}  // namespace

Service::Service(AnswerBook book, const ServiceOptions& options)
    : book_(std::move(book)),
      options_(options),
      failures_(options.failures, options.seed),
      ledger_(options.idempotent) {}

Reply Service::Handle(const Request& request) {
  if (request.method == "GET" && request.path == "/stats") return JsonReply(200, ledger_.Stats().dump(2) + "\n");
  if (request.method == "GET" && request.path == "/last_request") return JsonReply(200, last_request_);
  if (!options_.api_key.empty() && request.authorization != "Bearer " + options_.api_key) {
    // As real ones do, which is why clients must not pass such text on unread.
    return ErrorReply(401, "Incorrect API key provided: " + request.authorization, "invalid_api_key");
  }
  if (request.method == "GET" && request.path == "/v1/models") return Models();
  if (request.method == "POST" && request.path == "/v1/chat/completions") return Complete(request);
  return ErrorReply(404, fmt::format("there is no {} {}", request.method, request.path), "not_found");
}

Reply Service::Models() const {
  Json list = Json::array();
  std::vector<std::string> names = book_.Models();
  names.push_back(options_.referee.model);
  for (const std::string& name : names) {
    list.push_back({{"id", name}, {"object", "model"}, {"created", 1'700'000'000}, {"owned_by", "fake"}});
  }
  return JsonReply(200, Json{{"object", "list"}, {"data", list}}.dump());
}

Reply Service::Complete(const Request& request) {
  last_request_ = request.body;
  Json json;
  std::string error;
  if (!ReadChat(request.body, json, error)) {
    ledger_.CountRequest("");
    return ErrorReply(400, error, "invalid_request_error");
  }
  Chat chat{.model = json["model"].get<std::string>(),
            .prompt = json["messages"].back()["content"].get<std::string>(),
            .work = json["model"].dump() + json["messages"].dump(),
            .stream = json.value("stream", false)};
  for (const Json& message : json["messages"]) {
    if (message.value("role", "") == "user") chat.asked += message["content"].get<std::string>() + "\n";
  }
  ledger_.CountRequest(chat.model);
  const Failure* failure = failures_.Next(chat.model);
  if (failure != nullptr) ledger_.CountFailure(failure->name);
  if (failure != nullptr && failure->kind == FailureKind::kHang) return {};
  if (failure != nullptr && failure->kind == FailureKind::kStatus) {
    const Headers headers = failure->retry_after.empty() ? Headers{} : Headers{{"Retry-After", failure->retry_after}};
    return ErrorReply(failure->status, "told to fail", failure->name, headers);
  }
  for (const char* parameter : {"max_tokens", "temperature"}) {
    if (!options_.strict_parameters || !json.contains(parameter)) continue;
    return ErrorReply(400, fmt::format("Unsupported parameter: '{}'", parameter), "unsupported_parameter", {},
                      parameter);
  }
  if (chat.model != options_.referee.model && !book_.KnowsModel(chat.model)) {
    return ErrorReply(404, fmt::format("The model `{}` does not exist", chat.model), "model_not_found");
  }
  return Answer(chat, request.idempotency_key, failure);
}

Reply Service::Answer(const Chat& chat, const std::string& key, const Failure* failure) {
  const std::string* kept = ledger_.Find(key, chat.work);
  const Json completion = kept != nullptr ? Json::parse(*kept) : MakeCompletion(chat, failure);
  if (kept == nullptr) ledger_.Bill(key, chat.model, chat.work, completion.dump());
  Reply reply = chat.stream ? EventReply(Events(completion)) : JsonReply(200, completion.dump());
  if (failure != nullptr && failure->kind == FailureKind::kMalformed) {
    reply = JsonReply(200, completion.dump().substr(0, completion.dump().size() / 2));
  }
  if (failure != nullptr && failure->kind == FailureKind::kTrickle) reply = Trickled(reply, failure->delay_s);
  if (failure != nullptr && failure->kind == FailureKind::kCut) reply = Cut(reply);
  if (chat.model != options_.referee.model) {
    reply.delay_s = options_.latency_scale * book_.Answer(chat.model, chat.prompt).latency_ms * 1e-3;
  }
  return reply;
}

nlohmann::ordered_json Service::MakeCompletion(const Chat& chat, const Failure* failure) {
  std::string model = chat.model;
  Json message{{"role", "assistant"}};
  Json usage;
  if (chat.model == options_.referee.model) {
    message["content"] = Verdict(chat.asked, book_, options_.referee);
    usage = Usage(RoughTokens(chat.asked), RoughTokens(message["content"]), 0, 0);
  } else {
    const RecordedAnswer& answer = book_.Answer(chat.model, chat.prompt);
    message["content"] = answer.text;
    usage = Usage(answer.input_tokens, answer.output_tokens, answer.cached_input_tokens, answer.reasoning_tokens);
  }
  if (failure != nullptr && failure->kind == FailureKind::kGarbled)
    message["content"] = "I would say it is rather good.";
  if (failure != nullptr && failure->kind == FailureKind::kWrongModel) model = "quite-another-model";
  if (failure != nullptr && failure->kind == FailureKind::kRefusal) {
    message["content"] = nullptr;
    message["refusal"] = "I cannot help with that.";
  }
  return Completion(fmt::format("chatcmpl-{:016x}", Hash64(chat.work, options_.seed)), model, std::move(message),
                    usage);
}

}  // namespace suffice::fake
