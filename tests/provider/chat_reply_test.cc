// Reading answers strictly, without a socket.
#include "provider/chat_reply.h"

#include "catch.h"
#include "provider/api_key.h"
#include "provider/retry_delay.h"

namespace suffice {
namespace {

Reply Read(const std::string& body, long status = 200) {
  return ReadReply({.model = "m"}, {.http_status = status, .body = body}, "sk-secret");
}

std::string Body(const std::string& choice,
                 const std::string& usage = R"({"prompt_tokens": 1, "completion_tokens": 2})") {
  return R"({"model": "m-2026", "choices": [)" + choice + R"(], "usage": )" + usage + "}";
}

const std::string kChoice = R"({"message": {"content": "Hello"}, "finish_reason": "stop"})";

}  // namespace

TEST_CASE("an answer as it should be") {
  const Reply reply = Read(Body(kChoice));
  CHECK(reply.next == Next::kDone);
  CHECK(reply.answer.status == CallStatus::kOk);
  CHECK(reply.answer.text == "Hello");
  CHECK(reply.answer.served_model == "m-2026");
  CHECK_FALSE(reply.answer.wrong_model);
  CHECK(reply.usage_told);
}

TEST_CASE("a body that is not as expected is retried, and the error names the field") {
  struct Case {
    std::string body;
    std::string error;
  };
  const Case c = GENERATE(values<Case>({
      {"", "expected a JSON object with choices.0.message.content, got something else"},
      {"[1]", "expected a JSON object with choices.0.message.content, got something else"},
      {"{}", "choices: expected a list of at least one"},
      {R"({"choices": []})", "choices: expected a list of at least one"},
      {Body("{}"), "choices.0.message: expected an object"},
      {Body("7"), "choices.0.message: expected an object"},
      {Body(R"({"message": {}})"), "choices.0.message.content: expected a string, got nothing"},
      {Body(R"({"message": {"content": ["a"]}})"), "choices.0.message.content: expected a string"},
      {Body(kChoice, "[]"), "usage: expected an object"},
      {Body(kChoice, R"({"completion_tokens": 2})"), "usage.prompt_tokens: expected a number of tokens, got nothing"},
      {Body(kChoice, R"({"prompt_tokens": -1, "completion_tokens": 2})"),
       "usage.prompt_tokens: expected a whole number of tokens >= 0"},
      {Body(kChoice, R"({"prompt_tokens": 1, "completion_tokens": 2.5})"),
       "usage.completion_tokens: expected a whole number of tokens >= 0"},
  }));
  INFO(c.body);
  const Reply reply = Read(c.body);
  CHECK(reply.next == Next::kRetry);
  CHECK(reply.answer.status == CallStatus::kError);
  CHECK(reply.answer.error == c.error);
  CHECK(reply.answer.text.empty());
  CHECK(reply.may_be_billed);
  CHECK_FALSE(reply.usage_told);
}

TEST_CASE("refusals come in three shapes") {
  for (const std::string& body : {Body(R"({"message": {"content": null, "refusal": "No."}, "finish_reason": "stop"})"),
                                  Body(R"({"message": {"content": ""}, "finish_reason": "content_filter"})")}) {
    CHECK(Read(body).answer.status == CallStatus::kRefused);
    CHECK(Read(body).answer.output_tokens == 2);
  }
  const Reply filtered = Read(R"({"error": {"code": "content_filter", "message": "filtered"}})", 400);
  CHECK(filtered.answer.status == CallStatus::kRefused);
  CHECK(filtered.next == Next::kDone);
}

TEST_CASE("an answer that ran out of tokens while thinking is empty, one without usage is fine") {
  const Reply cut_short = Read(Body(R"({"message": {"content": null}, "finish_reason": "length"})"));
  CHECK(cut_short.answer.status == CallStatus::kOk);
  CHECK(cut_short.answer.text.empty());
  const Reply untold = Read(Body(kChoice, "null"));
  CHECK(untold.answer.status == CallStatus::kOk);
  CHECK_FALSE(untold.usage_told);
}

TEST_CASE("another model is noticed") {
  const auto served = [](const std::string& model) {
    return Read(R"({"model": ")" + model + R"(", "choices": [)" + kChoice + "]}").answer.wrong_model;
  };
  CHECK_FALSE(served("m"));
  CHECK_FALSE(served("m:latest"));
  CHECK_FALSE(served(""));
  CHECK(served("mm"));
}

TEST_CASE("statuses: which are tried again") {
  for (const long status : {429L, 500L, 502L, 503L, 504L}) CHECK(Read("", status).next == Next::kRetry);
  for (const long status : {301L, 400L, 402L, 403L, 404L, 501L}) CHECK(Read("", status).next == Next::kDone);
  CHECK(Read("", 401).next == Next::kAbort);
}

TEST_CASE("the key is in no text, and the text is short and on one line") {
  CHECK(Read(R"({"error": {"message": "bad key sk-secret\nsee below"}})", 403).answer.error ==
        "HTTP 403: bad key *** see below");
  CHECK(Read(R"({"error": "plain sk-secret"})", 403).answer.error == "HTTP 403: plain ***");
  CHECK(SafeText(std::string(1000, 'x'), "").size() == 300);
  CHECK(SafeText(std::string(299, 'x') + "\u00fc", "") == std::string(299, 'x'));
}

TEST_CASE("retry-after: seconds or a date, capped") {
  CHECK(RetryAfterSeconds("3", 0, 60) == 3);
  CHECK(RetryAfterSeconds(" 0.25\r\n", 0, 60) == 0.25);
  CHECK(RetryAfterSeconds("100000", 0, 60) == 60);
  CHECK(RetryAfterSeconds("-5", 0, 60) == 0);
  CHECK(RetryAfterSeconds("Wed, 21 Oct 2015 07:28:00 GMT", 1445412470, 60) == 10);
  CHECK(RetryAfterSeconds("Wed, 21 Oct 2015 07:28:00 GMT", 1445412480 + 99, 60) == 0);
  for (const char* bad : {"", "soon", "nan"}) CHECK_FALSE(RetryAfterSeconds(bad, 0, 60).has_value());
}

TEST_CASE("delays grow, differ between calls, and are capped") {
  const ChatClientOptions options{.first_delay_s = 1, .longest_delay_s = 10};
  for (int64_t retry = 1; retry <= 8; ++retry) {
    const double whole = std::min(10.0, std::pow(2.0, static_cast<double>(retry - 1)));
    const double delay = BackoffSeconds("a", retry, options);
    CHECK(delay >= whole / 2);
    CHECK(delay <= whole);
    CHECK(delay != BackoffSeconds("b", retry, options));
  }
}

}  // namespace suffice
