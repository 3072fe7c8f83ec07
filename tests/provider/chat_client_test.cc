// The client over real sockets, against the fake provider in all its moods.
#include "provider/chat_client.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "catch.h"
#include "fake_provider_process.h"
#include "temp_folder.h"

namespace suffice {
namespace {

constexpr ChatClientOptions kImpatient = {.first_delay_s = 0.001, .longest_delay_s = 0.01};

std::unique_ptr<ChatClient> MakeClient(const std::vector<ProviderConfig>& providers,
                                       const ChatClientOptions& options = kImpatient) {
  absl::StatusOr<std::unique_ptr<ChatClient>> client = ChatClient::Create(providers, options);
  INFO(client.status().ToString());
  REQUIRE(client.ok());
  return *std::move(client);
}

ChatCall Call(int number) {
  return {.key = fmt::format("call-{}", number),
          .model = "small",
          .messages = {{.role = "user", .content = fmt::format("Question {}", number)}}};
}

std::vector<ChatCall> Calls(int count) {
  std::vector<ChatCall> calls;
  for (int i = 0; i < count; ++i) calls.push_back(Call(i));
  return calls;
}

// Every answer by the index of its call; each call must have exactly one.
std::vector<ChatAnswer> RunAll(ChatClient& client, const std::vector<ChatCall>& calls) {
  std::map<size_t, ChatAnswer> answers;
  ChatClient::Spending spending;
  const absl::StatusOr<int64_t> uncovered = client.Run(calls, spending, [&](size_t index, const ChatAnswer& answer) {
    CHECK(answers.emplace(index, answer).second);
    return true;
  });
  INFO(uncovered.status().ToString());
  REQUIRE(uncovered.ok());
  CHECK(*uncovered == 0);
  REQUIRE(answers.size() == calls.size());
  std::vector<ChatAnswer> in_order;
  for (auto& [index, answer] : answers) in_order.push_back(std::move(answer));
  return in_order;
}

ChatAnswer RunOne(ChatClient& client, const ChatCall& call) { return RunAll(client, {call})[0]; }

// A file in a folder of its own, removed at the end.
class TempFile {
 public:
  explicit TempFile(const std::string& text) { std::ofstream(path()) << text; }
  std::string path() const { return folder_.Path("file"); }

 private:
  const TempFolder folder_;
};

const std::string kTraffic =
    R"({"id": "1", "prompt": "Question 0", "tiers": {"large": {"quality": 0.9}, "small": {"quality": 0.5,)"
    R"( "input_tokens": 1000, "output_tokens": 100, "cached_input_tokens": 400, "reasoning_tokens": 60}}})";

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace

TEST_CASE("many calls run side by side over kept connections, at most max_concurrency at a time") {
  const FakeProvider fake({"--latency-scale", "0"});
  ProviderConfig provider = fake.Config();
  provider.max_concurrency = 4;
  const auto client = MakeClient({provider});
  for (const ChatAnswer& answer : RunAll(*client, Calls(60))) {
    CHECK(answer.status == CallStatus::kOk);
    CHECK(answer.text.starts_with("Answer of a model. [[q:"));
    CHECK(answer.served_model == "small");
    CHECK_FALSE(answer.wrong_model);
    CHECK(answer.retries == 0);
    CHECK(answer.output_tokens > 0);
  }
  const nlohmann::json stats = fake.Stats();
  CHECK(stats["billed_calls"] == 60);
  CHECK(stats["distinct_keys"] == 60);
  CHECK(stats["most_in_flight"] <= 5);  // the question for the statistics is one
  CHECK(stats["connections"] <= 4 + 1);
}

TEST_CASE("a call says what it was told to say") {
  const FakeProvider fake;
  const auto client = MakeClient({fake.Config()});
  ChatCall call = Call(1);
  call.messages.insert(call.messages.begin(), {.role = "system", .content = "Be brief. \xff"});
  RunOne(*client, call);
  nlohmann::json sent = fake.LastRequest();
  CHECK(sent["model"] == "small");
  CHECK(sent["temperature"] == 0);
  CHECK(sent["messages"].size() == 2);
  CHECK(sent["messages"][1]["content"] == "Question 1");
  CHECK_FALSE(sent.contains("max_tokens"));
  CHECK_FALSE(sent.contains("thinking"));
  CHECK_FALSE(sent.contains("stream"));
  call = Call(2);
  call.max_output_tokens = 4096;
  call.thinking_budget_tokens = 1024;
  RunOne(*client, call);
  sent = fake.LastRequest();
  CHECK(sent["max_tokens"] == 4096 + 1024);
  CHECK(sent["thinking"] == nlohmann::json({{"type", "enabled"}, {"budget_tokens", 1024}}));
}

TEST_CASE("a model that takes parameters otherwise is written to as it wants, and remembered") {
  const FakeProvider fake({"--strict-parameters"});
  ProviderConfig provider = fake.Config();
  provider.max_retries = 0;
  const auto client = MakeClient({provider});
  std::vector<ChatCall> calls = Calls(20);
  for (ChatCall& call : calls) call.max_output_tokens = 100;
  for (const ChatAnswer& answer : RunAll(*client, calls)) {
    CHECK(answer.status == CallStatus::kOk);
    CHECK(answer.retries == 0);
  }
  const nlohmann::json sent = fake.LastRequest();
  CHECK(sent["max_completion_tokens"] == 100);
  CHECK_FALSE(sent.contains("max_tokens"));
  CHECK_FALSE(sent.contains("temperature"));
  const int64_t requests = fake.Stats()["requests"];
  CHECK(requests <= 20 + 2 * provider.max_concurrency);
  RunOne(*client, Call(100));
  CHECK(fake.Stats()["requests"] == requests + 1);
}

TEST_CASE("cost is by the price list, cached and reasoning tokens at prices of their own") {
  const TempFile traffic(kTraffic);
  const FakeProvider fake({"--traffic", traffic.path()});
  const auto client = MakeClient({fake.Config()});
  ChatCall call = Call(0);
  call.price = {.input_usd_per_mtok = 2, .output_usd_per_mtok = 10};
  const ChatAnswer plain = RunOne(*client, call);
  CHECK(plain.input_tokens == 1000);
  CHECK(plain.output_tokens == 100);
  CHECK(plain.cached_input_tokens == 400);
  CHECK(plain.reasoning_tokens == 60);
  CHECK(plain.cost_usd == Approx(1000 * 2e-6 + 100 * 10e-6));
  call.price.cached_input_usd_per_mtok = 0.5;
  call.price.reasoning_usd_per_mtok = 20;
  CHECK(RunOne(*client, call).cost_usd == Approx(600 * 2e-6 + 400 * 0.5e-6 + 40 * 10e-6 + 60 * 20e-6));
}

TEST_CASE("a failure that passes is retried with the same key, and billed once") {
  const std::string failure = GENERATE(as<std::string>(), "kind=429,retry_after=0.01", "kind=429", "kind=500",
                                       "kind=502", "kind=503", "kind=504", "kind=cut", "kind=malformed");
  INFO(failure);
  const FakeProvider fake({"--fail", failure + ",every=3"});
  const auto client = MakeClient({fake.Config()});
  int64_t retries = 0;
  for (const ChatAnswer& answer : RunAll(*client, Calls(20))) {
    INFO(answer.error);
    CHECK(answer.status == CallStatus::kOk);
    retries += answer.retries;
  }
  const nlohmann::json stats = fake.Stats();
  CHECK(retries > 0);
  CHECK(stats["requests"] == 20 + retries);
  CHECK(stats["distinct_keys"] == 20);
  CHECK(stats["billed_calls"] == 20);
  CHECK(stats["keys_billed_twice"] == 0);
  CHECK(stats["repeated_work"] == 0);
}

TEST_CASE("what hangs or trickles is given up in time and retried") {
  const std::string failure = GENERATE(as<std::string>(), "kind=hang", "kind=trickle,delay_s=5");
  INFO(failure);
  const FakeProvider fake({"--fail", failure + ",first=1"});
  ProviderConfig provider = fake.Config();
  provider.timeout_s = 0.5;
  const auto client = MakeClient({provider});
  const ChatAnswer answer = RunOne(*client, Call(1));
  CHECK(answer.status == CallStatus::kOk);
  CHECK(answer.retries == 1);
  CHECK(fake.Stats()["keys_billed_twice"] == 0);
}

TEST_CASE("a failure that stays ends the call after max_retries, and says why") {
  struct Case {
    std::string kind;
    CallStatus status;
    std::string error;
  };
  const Case c = GENERATE(
      values<Case>({{"429", CallStatus::kError, "fake: HTTP 429: told to fail"},
                    {"500", CallStatus::kError, "fake: HTTP 500: told to fail"},
                    {"malformed", CallStatus::kError, "fake: expected a JSON object with choices.0.message.content"},
                    {"cut", CallStatus::kError, "fake: the connection broke off"},
                    {"hang", CallStatus::kTimeout, "fake: no whole answer within 0.2 s"}}));
  INFO(c.kind);
  const FakeProvider fake({"--fail", "kind=" + c.kind + ",every=1"});
  ProviderConfig provider = fake.Config();
  provider.max_retries = 2;
  if (c.kind == "hang") provider.timeout_s = 0.2;
  const auto client = MakeClient({provider});
  const ChatAnswer answer = RunOne(*client, Call(1));
  CHECK(answer.status == c.status);
  CHECK(answer.error.starts_with(c.error));
  CHECK(answer.retries == 2);
  CHECK(answer.text.empty());
  CHECK(fake.Stats()["requests"] == 3);
}

TEST_CASE("what trying again does not mend is not tried again") {
  const TempFile traffic(kTraffic);
  const FakeProvider fake({"--traffic", traffic.path(), "--fail", "kind=400,at=2"});
  const auto client = MakeClient({fake.Config()});
  ChatCall call = Call(0);
  call.model = "unheard-of";
  const ChatAnswer unknown = RunOne(*client, call);
  CHECK(unknown.status == CallStatus::kError);
  CHECK(unknown.error == "fake: HTTP 404: The model `unheard-of` does not exist");
  CHECK(RunOne(*client, Call(0)).error == "fake: HTTP 400: told to fail");
  CHECK(fake.Stats()["requests"] == 2);
}

TEST_CASE("a refusal and another model's answer are told as such") {
  const FakeProvider fake({"--fail", "kind=refusal,at=1", "--fail", "kind=wrong_model,at=2"});
  const auto client = MakeClient({fake.Config()});
  ChatCall call = Call(1);
  call.price.output_usd_per_mtok = 10;
  const ChatAnswer refused = RunOne(*client, call);
  CHECK(refused.status == CallStatus::kRefused);
  CHECK(refused.error == "fake: refused: I cannot help with that.");
  CHECK(refused.cost_usd > 0);
  const ChatAnswer wrong = RunOne(*client, Call(2));
  CHECK(wrong.status == CallStatus::kOk);
  CHECK(wrong.wrong_model);
  CHECK(wrong.served_model == "quite-another-model");
  CHECK_FALSE(RunOne(*client, Call(3)).wrong_model);
}

TEST_CASE("nobody listening is an error after the retries") {
  std::string url;
  {
    const FakeProvider fake;
    url = fake.base_url();
  }
  const auto client = MakeClient({{.name = "gone", .base_url = url, .max_retries = 1}});
  ChatCall call = Call(1);
  call.worst_cost_usd = 1;
  const ChatAnswer answer = RunOne(*client, call);
  CHECK(answer.status == CallStatus::kError);
  CHECK(answer.error.starts_with("gone: cannot connect"));
  CHECK(answer.retries == 1);
  CHECK(answer.cost_usd == 0);
}

TEST_CASE("a body beyond the limit is refused") {
  const FakeProvider fake;
  const auto client = MakeClient({fake.Config()}, {.max_body_bytes = 100});
  const ChatAnswer answer = RunOne(*client, Call(1));
  CHECK(answer.status == CallStatus::kError);
  CHECK(answer.error == "fake: expected an answer of at most 100 bytes, got more");
  CHECK(answer.retries == 0);
}

TEST_CASE("the key comes from the environment or a file and is in no error") {
  const FakeProvider fake({"--api-key", "sk-right"});
  ProviderConfig provider = fake.Config();
  ChatClient::Spending spending;
  const auto error_of = [&](const ProviderConfig& config) {
    const auto client = ChatClient::Create({config});
    return client.ok() ? std::string() : std::string(client.status().message());
  };
  provider.api_key_env = "SUFFICE_TEST_KEY";
  unsetenv("SUFFICE_TEST_KEY");
  CHECK(error_of(provider) == "providers.fake.api_key_env: the environment variable SUFFICE_TEST_KEY is not set");
  setenv("SUFFICE_TEST_KEY", "two words", 1);
  CHECK(error_of(provider) ==
        "providers.fake.api_key_env: expected a key of printable ASCII without spaces in the environment variable "
        "SUFFICE_TEST_KEY");
  setenv("SUFFICE_TEST_KEY", "sk-wrong", 1);
  const auto status = MakeClient({provider})->Run(Calls(3), spending, [](size_t, const ChatAnswer&) { return true; });
  CHECK(status.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK(std::string(status.status().message()) ==
        "provider \"fake\" refused its key: HTTP 401: Incorrect API key provided: Bearer ***");
  setenv("SUFFICE_TEST_KEY", "sk-right", 1);
  CHECK(RunOne(*MakeClient({provider}), Call(1)).status == CallStatus::kOk);

  provider.api_key_env.clear();
  provider.api_key_file = "/nowhere/at/all";
  CHECK(error_of(provider) == "providers.fake.api_key_file: cannot open /nowhere/at/all");
  const TempFile empty("\nsk-right\n");
  provider.api_key_file = empty.path();
  CHECK(error_of(provider) == "providers.fake.api_key_file: " + empty.path() + " holds no key");
  const TempFile file("sk-right\r\nnotes\n");
  provider.api_key_file = file.path();
  CHECK(RunOne(*MakeClient({provider}), Call(2)).status == CallStatus::kOk);
}

TEST_CASE("a call that names nothing known is refused before anything is sent") {
  const FakeProvider fake;
  const auto client = MakeClient({fake.Config("a"), fake.Config("b")});
  const auto error_of = [](ChatClient& chat_client, const ChatCall& bad) {
    ChatClient::Spending spending;
    const auto result =
        chat_client.Run(std::vector<ChatCall>{Call(1), bad}, spending, [](size_t, const ChatAnswer&) { return true; });
    CHECK(result.status().code() == absl::StatusCode::kInvalidArgument);
    return std::string(result.status().message());
  };
  ChatCall bad = Call(2);
  bad.provider = "c";
  CHECK(error_of(*client, bad) == "no provider is called \"c\"; expected one of a, b");
  bad = Call(2);
  bad.key = "two\r\nlines";
  CHECK(error_of(*client, bad) == "calls.1.key: expected printable ASCII");
  bad = Call(2);
  bad.model.clear();
  CHECK(error_of(*client, bad) == "calls.1.model: required");
  CHECK(error_of(*MakeClient({}), Call(2)) == "providers: expected at least one, as {name, base_url, api_key_env}");
  CHECK(fake.Stats()["requests"] == 0);
}

TEST_CASE("the budget is never exceeded, with calls in flight at their worst") {
  const FakeProvider fake;
  const auto client = MakeClient({fake.Config()});
  std::vector<ChatCall> calls = Calls(40);
  for (ChatCall& call : calls) {
    call.price.output_usd_per_mtok = 1000;  // 0.05 to 0.25 dollars a call
    call.worst_cost_usd = 0.25;
  }
  ChatClient::Spending spending{.budget_usd = 2, .spent_usd = 0.5};
  double sum = 0.5;
  int64_t answered = 0;
  const auto uncovered = client->Run(calls, spending, [&](size_t, const ChatAnswer& answer) {
    sum += answer.cost_usd;
    CHECK(spending.spent_usd == Approx(sum));
    ++answered;
    return true;
  });
  REQUIRE(uncovered.ok());
  CHECK(spending.spent_usd <= 2);
  CHECK(spending.spent_usd > 1.75);  // it goes on for as long as a call fits
  CHECK(answered + *uncovered == 40);
  CHECK(answered >= 6);
  CHECK(*uncovered > 0);
  CHECK(fake.Stats()["billed_calls"] == answered);

  const auto none = client->Run(calls, spending, [](size_t, const ChatAnswer&) { return true; });
  CHECK(*none == 40);
}

TEST_CASE("a call that may have been billed without telling its tokens counts at its worst") {
  const FakeProvider fake({"--fail", "kind=malformed,first=2", "--fail", "kind=500,first=4"});
  ProviderConfig provider = fake.Config();
  provider.max_retries = 1;
  const auto client = MakeClient({provider});
  ChatCall call = Call(1);
  call.worst_cost_usd = 0.125;
  CHECK(RunOne(*client, call).cost_usd == 0.125);
  CHECK(RunOne(*client, call).cost_usd == 0);
}

TEST_CASE("done stops the run and what is in flight") {
  const FakeProvider fake({"--fail", "kind=hang,at=2"});
  ProviderConfig provider = fake.Config();
  provider.max_concurrency = 2;
  const auto client = MakeClient({provider});
  int answers = 0;
  ChatClient::Spending spending;
  const auto result = client->Run(Calls(30), spending, [&](size_t, const ChatAnswer&) { return ++answers < 3; });
  CHECK(result.ok());
  CHECK(answers == 3);
  CHECK(RunOne(*client, Call(100)).status == CallStatus::kOk);  // it is as good as new
}

TEST_CASE("requests_per_minute spaces the starts, retries and further runs too") {
  const FakeProvider fake({"--fail", "kind=500,at=2"});
  ProviderConfig provider = fake.Config();
  provider.requests_per_minute = 600;  // 100 ms apart
  const auto client = MakeClient({provider});
  const auto begin = std::chrono::steady_clock::now();
  RunAll(*client, Calls(2));
  RunOne(*client, Call(3));
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(300));  // 4 requests
  CHECK(fake.Stats()["requests"] == 4);
}

TEST_CASE("waiting costs no processor time") {
  const FakeProvider fake({"--fail", "kind=hang,first=1", "--fail", "kind=429,retry_after=0.5,first=2"});
  ProviderConfig provider = fake.Config();
  provider.timeout_s = 1;
  const auto client = MakeClient({provider});
  const double before = CpuSeconds();
  CHECK(RunOne(*client, Call(1)).retries == 2);  // 1.5 s of waiting
  CHECK(CpuSeconds() - before < 0.5);
}

}  // namespace suffice
