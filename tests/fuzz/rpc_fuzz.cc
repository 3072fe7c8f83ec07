// Any bytes as a RouteRequest, OutcomeRequest or FeedbackRequest (the first byte says which), through conversion and
// validation into an engine, and what it answers back into messages.
#include <cmath>
#include <memory>

#include "fuzz/fuzz_input.h"
#include "fuzz/require.h"
#include "service/convert.h"
#include "suffice/engine.h"
#include "temp_folder.h"

namespace suffice {
namespace {

constexpr char kPolicy[] = R"(
tiers:
  - {name: small, price: {input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.4}, context_tokens: 8000, max_output_tokens: 500}
  - {name: large, price: {input_usd_per_mtok: 3, output_usd_per_mtok: 15}, max_output_tokens: 4000, capabilities: [tools]}
limits: {cost: {per_request_usd: 1, budgets: [{name: daily, usd: 1000000, each: tenant_and_tier}]}, latency: {p95_ms: 9000}}
features: {embedding_dimensions: 2, numeric: [{name: turns}], categorical: [{name: plan, values: [free, team]}]}
log: {durability: normal, prompts: full}
)";

// Of its own, with a log in a folder that goes when the process ends.
struct World {
  TempFolder folder;
  std::unique_ptr<Engine> engine;
  DecisionId decision;  // that outcomes and feedback can be about

  World() {
    const auto config = ParseConfig(kPolicy, "policy.yaml");
    SUFFICE_REQUIRE(config.ok());
    auto opened = Engine::Open({.config = *config, .database = folder.Path("log.db")});
    SUFFICE_REQUIRE(opened.ok());
    engine = *std::move(opened);
    const auto first = engine->Route({.prompt = "the first"});
    SUFFICE_REQUIRE(first.ok());
    decision = first->id;
  }
};

void CheckDecided(const Decision& decision) {
  double sum = 0;
  for (const TierView& tier : decision.tiers) {
    SUFFICE_REQUIRE(tier.propensity >= 0 && tier.propensity <= 1);
    sum += tier.propensity;
  }
  SUFFICE_REQUIRE(std::fabs(sum - 1) < 1e-9);
  v1::RouteResponse response;
  ToProto(decision, &response);
  v1::RouteResponse again;
  SUFFICE_REQUIRE(again.ParseFromString(response.SerializeAsString()));
}

// Refused in words that a caller can act on.
void CheckRefused(const absl::Status& status) {
  SUFFICE_REQUIRE(!status.message().empty());
  SUFFICE_REQUIRE(status.code() != absl::StatusCode::kInternal && status.code() != absl::StatusCode::kUnknown);
}

void FuzzRoute(World& world, const std::string& bytes) {
  v1::RouteRequest message;
  if (!message.ParseFromString(bytes)) return;
  auto request = FromProto(message);
  if (!request.ok()) return CheckRefused(request.status());
  request->dry_run = true;
  const auto decision = world.engine->Route(*request);
  if (!decision.ok()) return CheckRefused(WithProtoFieldNames(decision.status()));
  CheckDecided(*decision);
}

template <typename Message, typename Record>
void FuzzRecord(World& world, const std::string& bytes, absl::StatusOr<Receipt> (Engine::*record)(const Record&)) {
  Message message;
  if (!message.ParseFromString(bytes)) return;
  // Half of them about a decision that there is.
  if (bytes.size() % 2 == 0) message.set_decision_id(world.decision.ToString());
  const absl::StatusOr<Record> converted = FromProto(message);
  if (!converted.ok()) return CheckRefused(converted.status());
  const auto receipt = (world.engine.get()->*record)(*converted);
  if (!receipt.ok()) CheckRefused(receipt.status());
}

}  // namespace
}  // namespace suffice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  static World world;
  FuzzInput input(data, size);
  const auto kind = input.Number<uint8_t>();
  const std::string bytes(input.Rest());
  switch (kind % 4) {
    case 0: FuzzRecord<v1::OutcomeRequest, Outcome>(world, bytes, &Engine::RecordOutcome); break;
    case 1: FuzzRecord<v1::FeedbackRequest, Feedback>(world, bytes, &Engine::RecordFeedback); break;
    default: FuzzRoute(world, bytes);
  }
  return 0;
}
