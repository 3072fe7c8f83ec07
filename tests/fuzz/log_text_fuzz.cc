// Any bytes as the texts of a decision, an outcome and a feedback: quotes, NULs and broken UTF-8 must come back from the
// log as they went in.
#include <memory>
#include <optional>

#include "base/ids.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/require.h"
#include "log/event_log.h"
#include "temp_folder.h"

namespace suffice {
namespace {

constexpr int kDecisionsInOneFile = 20'000;

struct World {
  std::optional<TempFolder> folder;
  std::unique_ptr<EventLog> log;
  int decisions = 0;

  // Begins a new file now and then, so that the disk does not fill.
  EventLog& Log() {
    if (log != nullptr && ++decisions % kDecisionsInOneFile != 0) return *log;
    if (log != nullptr) SUFFICE_REQUIRE(log->Close().ok());
    log.reset();
    folder.emplace();
    auto opened = OpenSqliteLog({.path = folder->Path("log.db"), .durability = Durability::kNormal});
    SUFFICE_REQUIRE(opened.ok());
    log = *std::move(opened);
    return *log;
  }
};

DecisionRecord MakeDecision(FuzzInput& input, uint64_t number) {
  DecisionRecord decision;
  for (size_t i = 0; i < sizeof(number); ++i) decision.id.bytes[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  decision.request_id = input.Text();
  decision.tenant = input.Text();
  decision.session = input.Text();
  decision.tier = input.Text();
  decision.policy_tier = input.Text();
  decision.caller_tier = input.Text();
  decision.prompt = input.Text();
  decision.sketch = input.Text();
  decision.config_hash = input.Text();
  decision.price_version = input.Text();
  decision.infeasible = input.Text();
  return decision;
}

void CheckSame(const DecisionRecord& got, const DecisionRecord& sent) {
  SUFFICE_REQUIRE(got.request_id == sent.request_id);
  SUFFICE_REQUIRE(got.tenant == sent.tenant);
  SUFFICE_REQUIRE(got.session == sent.session);
  SUFFICE_REQUIRE(got.tier == sent.tier);
  SUFFICE_REQUIRE(got.policy_tier == sent.policy_tier);
  SUFFICE_REQUIRE(got.caller_tier == sent.caller_tier);
  SUFFICE_REQUIRE(got.prompt == sent.prompt);
  SUFFICE_REQUIRE(got.sketch == sent.sketch);
  SUFFICE_REQUIRE(got.config_hash == sent.config_hash);
  SUFFICE_REQUIRE(got.price_version == sent.price_version);
  SUFFICE_REQUIRE(got.infeasible == sent.infeasible);
}

}  // namespace
}  // namespace suffice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  static World world;
  static uint64_t number = 0;
  FuzzInput input(data, size);
  EventLog& log = world.Log();
  const DecisionRecord decision = MakeDecision(input, ++number);
  OutcomeRecord outcome{.outcome = {.decision_id = decision.id,
                                    .tenant = decision.tenant,
                                    .served_tier = input.Text(),
                                    .served_model = input.Text()}};
  // The tenant's own name for it, which it must not have used before.
  FeedbackRecord feedback{.feedback = {.feedback_id = input.Text() + std::to_string(number),
                                       .decision_id = decision.id,
                                       .tenant = decision.tenant,
                                       .reward = 0.5,
                                       .judge_version = input.Text()}};
  SUFFICE_REQUIRE(log.AppendDecision(decision).ok());
  log.AppendOutcome(outcome, [](const absl::StatusOr<Receipt>& receipt) { SUFFICE_REQUIRE(receipt.ok()); });
  log.AppendFeedback(feedback, [](const absl::StatusOr<Receipt>& receipt) { SUFFICE_REQUIRE(receipt.ok()); });
  SUFFICE_REQUIRE(log.Flush().ok());
  const auto found = log.Find(decision.id);
  SUFFICE_REQUIRE(found.ok() && found->has_value());
  CheckSame((*found)->decision, decision);
  SUFFICE_REQUIRE((*found)->outcome->outcome.served_tier == outcome.outcome.served_tier);
  SUFFICE_REQUIRE((*found)->outcome->outcome.served_model == outcome.outcome.served_model);
  SUFFICE_REQUIRE((*found)->feedback.size() == 1);
  SUFFICE_REQUIRE((*found)->feedback[0].feedback.feedback_id == feedback.feedback.feedback_id);
  SUFFICE_REQUIRE((*found)->feedback[0].feedback.judge_version == feedback.feedback.judge_version);
  return 0;
}
