#include "log/log_testing.h"

#include <fmt/format.h>
#include <unistd.h>

#include "catch.h"

namespace suffice {
namespace {

template <typename RecordType>
absl::StatusOr<Receipt> AppendAndWait(EventLog& log, RecordType record,
                                      void (EventLog::*append)(RecordType, EventLog::Done)) {
  absl::StatusOr<Receipt> answer;
  absl::Notification answered;
  (log.*append)(std::move(record), [&](absl::StatusOr<Receipt> receipt) {
    answer = std::move(receipt);
    answered.Notify();
  });
  answered.WaitForNotification();
  return answer;
}

void CheckSame(const Estimate& actual, const Estimate& expected) {
  CHECK(actual.value == expected.value);
  CHECK(actual.low == expected.low);
  CHECK(actual.high == expected.high);
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "suffice_log_XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

DecisionId TestId(uint32_t n) {
  DecisionId id;
  for (int i = 0; i < 4; ++i) id.bytes[i] = static_cast<uint8_t>(n >> (24 - 8 * i));
  id.bytes[15] = 1;
  return id;
}

DecisionRecord TestDecision(uint32_t n, const std::string& tier) {
  DecisionRecord decision;
  decision.id = TestId(n);
  decision.request_id = fmt::format("request-{}", n);
  decision.time_us = 1'700'000'000'000'000 + n;
  decision.tenant = "acme";
  decision.session = "session \"7\"";
  decision.origin = DecisionOrigin::kApprentice;
  decision.feature_version = 0xfedcba9876543210ULL;
  decision.features = {1.0f, -0.1f, 3.0e-42f, static_cast<float>(n)};
  decision.sketch = std::string("\x00\x01\xff\x80", 4);
  decision.prompt = std::string("caf\xc3\xa9 \xff \0 end", 13);
  decision.input_tokens_estimate = 0.1 + n;
  decision.cost_usd = {.value = 0.1, .low = 1e-5, .high = 0.3};
  decision.latency_ms = {.value = 700.1, .low = 300, .high = 1500.7};
  decision.tiers = {
      {"cheap", ExclusionReason::kNone, "", 0.1, 1.0 / 3, 2e-5, 700.25, 12.5, 0.09, 0.3},
      {"strong", ExclusionReason::kNone, "", 0.9, 5e-324, 1.7976931348623157e308, 900, 1e-17, -0.5, 0.7},
      {"ex\"\\otic", ExclusionReason::kMissingCapability, "lacks \"vision\"\n\xe2\x82\xac", 0, 0, 0, 0, 0, 0, 0}};
  decision.tier = tier;
  decision.policy_tier = "strong";
  decision.caller_tier = tier;
  decision.propensity = 0.3;
  decision.multipliers = {{"zeta", 0.1}, {"cost", 1e-9}};
  decision.snapshot = 41;
  decision.config_hash = "c0ffee";
  decision.seed = ~0ULL - n;
  decision.audit = true;
  decision.audit_probability = 0.02;
  decision.keep_probability = 0.5;
  decision.reserved_cost_nanos = 1234567890123;
  decision.price_version = "2024-01";
  decision.max_output_tokens = 900;
  decision.call_max_output_tokens = 800 + n;
  decision.session_tier = "cheap";
  decision.infeasible = "no \"tier\"";
  return decision;
}

OutcomeRecord TestOutcome(const DecisionRecord& decision) {
  OutcomeRecord record;
  record.time_us = decision.time_us + 10;
  record.cost_nanos = 42'000;
  record.outcome = {.decision_id = decision.id,
                    .tenant = decision.tenant,
                    .status = CallStatus::kTimeout,
                    .input_tokens = 0,
                    .output_tokens = 321,
                    .cached_input_tokens = 0,
                    .reasoning_tokens = 300,
                    .cost_usd = 0.1,
                    .time_to_first_token_ms = std::nullopt,
                    .latency_ms = 1234.5,
                    .retries = 2,
                    .served_tier = "strong",
                    .served_model = "strong-2"};
  return record;
}

FeedbackRecord TestFeedback(const DecisionRecord& decision, const std::string& feedback_id, double reward) {
  FeedbackRecord record;
  record.time_us = decision.time_us + 20;
  record.feedback = {.feedback_id = feedback_id,
                     .decision_id = decision.id,
                     .tenant = decision.tenant,
                     .reward = reward,
                     .source = FeedbackSource::kJudge,
                     .judge_version = "judge-2"};
  return record;
}

std::unique_ptr<EventLog> OpenForTest(const SqliteLogOptions& options) {
  auto opened = OpenSqliteLog(options);
  INFO(opened.status());
  REQUIRE(opened.ok());
  return std::move(*opened);
}

void Append(EventLog& log, const DecisionRecord& decision) { REQUIRE(log.AppendDecision(decision).ok()); }

ObservedDecision MustFind(EventLog& log, const DecisionId& id) {
  const auto found = log.Find(id);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  return **found;
}

absl::StatusOr<Receipt> Record(EventLog& log, OutcomeRecord outcome) {
  return AppendAndWait(log, std::move(outcome), &EventLog::AppendOutcome);
}

absl::StatusOr<Receipt> Record(EventLog& log, FeedbackRecord feedback) {
  return AppendAndWait(log, std::move(feedback), &EventLog::AppendFeedback);
}

void CheckSame(const DecisionRecord& actual, const DecisionRecord& expected) {
  CHECK(actual.id == expected.id);
  CHECK(actual.request_id == expected.request_id);
  CHECK(actual.time_us == expected.time_us);
  CHECK(actual.tenant == expected.tenant);
  CHECK(actual.session == expected.session);
  CHECK(actual.origin == expected.origin);
  CHECK(actual.feature_version == expected.feature_version);
  CHECK(actual.features == expected.features);
  CHECK(actual.sketch == expected.sketch);
  CHECK(actual.prompt == expected.prompt);
  CHECK(actual.input_tokens_estimate == expected.input_tokens_estimate);
  CheckSame(actual.cost_usd, expected.cost_usd);
  CheckSame(actual.latency_ms, expected.latency_ms);
  REQUIRE(actual.tiers.size() == expected.tiers.size());
  for (size_t i = 0; i < actual.tiers.size(); ++i) {
    const TierView& a = actual.tiers[i];
    const TierView& e = expected.tiers[i];
    CHECK(a.tier == e.tier);
    CHECK(a.exclusion == e.exclusion);
    CHECK(a.exclusion_detail == e.exclusion_detail);
    CHECK(a.quality == e.quality);
    CHECK(a.quality_sigma == e.quality_sigma);
    CHECK(a.cost_usd == e.cost_usd);
    CHECK(a.latency_ms == e.latency_ms);
    CHECK(a.start_ms == e.start_ms);
    CHECK(a.worst_cost_usd == e.worst_cost_usd);
    CHECK(a.late == e.late);
    CHECK(a.observations == e.observations);
    CHECK(a.score == e.score);
    CHECK(a.propensity == e.propensity);
  }
  CHECK(actual.tier == expected.tier);
  CHECK(actual.policy_tier == expected.policy_tier);
  CHECK(actual.caller_tier == expected.caller_tier);
  CHECK(actual.propensity == expected.propensity);
  CHECK(actual.multipliers == expected.multipliers);
  CHECK(actual.snapshot == expected.snapshot);
  CHECK(actual.config_hash == expected.config_hash);
  CHECK(actual.seed == expected.seed);
  CHECK(actual.audit == expected.audit);
  CHECK(actual.audit_probability == expected.audit_probability);
  CHECK(actual.keep_probability == expected.keep_probability);
  CHECK(actual.reserved_cost_nanos == expected.reserved_cost_nanos);
  CHECK(actual.price_version == expected.price_version);
  CHECK(actual.max_output_tokens == expected.max_output_tokens);
  CHECK(actual.call_max_output_tokens == expected.call_max_output_tokens);
  CHECK(actual.session_tier == expected.session_tier);
  CHECK(actual.infeasible == expected.infeasible);
}

void CheckSame(const Outcome& actual, const Outcome& expected) {
  CHECK(actual.decision_id == expected.decision_id);
  CHECK(actual.tenant == expected.tenant);
  CHECK(actual.status == expected.status);
  CHECK(actual.input_tokens == expected.input_tokens);
  CHECK(actual.output_tokens == expected.output_tokens);
  CHECK(actual.cost_usd == expected.cost_usd);
  CHECK(actual.time_to_first_token_ms == expected.time_to_first_token_ms);
  CHECK(actual.latency_ms == expected.latency_ms);
  CHECK(actual.retries == expected.retries);
  CHECK(actual.served_tier == expected.served_tier);
  CHECK(actual.cached_input_tokens == expected.cached_input_tokens);
  CHECK(actual.reasoning_tokens == expected.reasoning_tokens);
  CHECK(actual.served_model == expected.served_model);
}

void CheckSame(const Feedback& actual, const Feedback& expected) {
  CHECK(actual.feedback_id == expected.feedback_id);
  CHECK(actual.sender == expected.sender);
  CHECK(actual.decision_id == expected.decision_id);
  CHECK(actual.tenant == expected.tenant);
  CHECK(actual.reward == expected.reward);
  CHECK(actual.source == expected.source);
  CHECK(actual.judge_version == expected.judge_version);
}

}  // namespace suffice
