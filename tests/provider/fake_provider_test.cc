// The fake provider itself, where the client does not show it.
#include <string>
#include <vector>

#include "catch.h"
#include "fake_provider_process.h"

namespace suffice {
namespace {

std::vector<std::string> EventsOf(const std::string& body) {
  std::vector<std::string> events;
  for (size_t at = 0; at < body.size();) {
    const size_t end = body.find("\n\n", at);
    REQUIRE(end != std::string::npos);
    REQUIRE(body.compare(at, 6, "data: ") == 0);
    events.push_back(body.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return events;
}

const std::string kAsk = R"({"model": "m", "messages": [{"role": "user", "content": "hello"}])";

}  // namespace

TEST_CASE("a streamed answer says the same as a whole one, with usage and an end") {
  const FakeProvider fake;
  const auto whole = nlohmann::json::parse(fake.Post("/v1/chat/completions", kAsk + "}"));
  const std::vector<std::string> events = EventsOf(fake.Post("/v1/chat/completions", kAsk + R"(, "stream": true})"));
  REQUIRE(events.size() > 4);
  CHECK(events.back() == "[DONE]");
  std::string text;
  nlohmann::json usage;
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    const auto event = nlohmann::json::parse(events[i]);
    CHECK(event["object"] == "chat.completion.chunk");
    if (event.contains("usage")) usage = event["usage"];
    if (!event["choices"].empty()) text += event["choices"][0]["delta"].value("content", "");
  }
  CHECK(text == whole["choices"][0]["message"]["content"].get<std::string>());
  CHECK(usage == whole["usage"]);
  CHECK(fake.Stats()["billed_calls"] == 2);
  CHECK(fake.Stats()["repeated_work"] == 1);  // without keys
}

TEST_CASE("models are listed, and what is no request is told") {
  const FakeProvider fake({"--judge-model", "j"});
  const auto models = nlohmann::json::parse(fake.Get("/v1/models"));
  CHECK(models["object"] == "list");
  CHECK(models["data"][0]["id"] == "j");
  CHECK(nlohmann::json::parse(fake.Post("/v1/chat/completions", "{"))["error"]["message"] == "expected a JSON object");
  CHECK(nlohmann::json::parse(
            fake.Post("/v1/chat/completions", R"({"model": "m", "messages": []})"))["error"]["message"] ==
        "messages: expected a list of at least one");
  CHECK(nlohmann::json::parse(fake.Get("/nowhere"))["error"]["code"] == "not_found");
}

}  // namespace suffice
