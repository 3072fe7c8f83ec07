// Counts of answers, and shares that follow the newest decisions.
#include "engine/decision_tally.h"

#include "catch.h"
#include "engine_testing.h"
#include "suffice/status.h"

namespace suffice {
namespace {

Decision Chosen(const std::string& tier, bool audit = false, const std::string& infeasible = "") {
  Decision decision;
  decision.tier = tier;
  decision.audit = audit;
  decision.infeasible = infeasible;
  return decision;
}

EngineStatus ReportOf(const DecisionTally& tally, const std::vector<std::string>& tiers) {
  EngineStatus status;
  for (const std::string& tier : tiers) status.tiers.push_back({.tier = tier});
  tally.Report(status);
  return status;
}

}  // namespace

TEST_CASE("nothing answered is no share of anything") {
  const EngineStatus status = ReportOf(DecisionTally(), {"a", "b"});
  CHECK(status.tiers[0].share == 0);
  CHECK(status.audit_share == 0);
  CHECK(status.infeasible_decisions == 0);
}

TEST_CASE("shares sum to 1 and follow the newest thousand or so decisions") {
  DecisionTally tally;
  for (int i = 0; i < 300'000; ++i) tally.Add(Chosen("a"));  // far enough for the weights to be scaled down
  for (int i = 0; i < 693; ++i) tally.Add(Chosen("b"));      // ln 2 of the memory
  const EngineStatus status = ReportOf(tally, {"a", "b", "c"});
  CHECK(status.tiers[0].share == Approx(0.5).margin(0.002));
  CHECK(status.tiers[1].share == Approx(0.5).margin(0.002));
  CHECK(status.tiers[2].share == 0);
  // A tier that is not configured any more does not count.
  CHECK(ReportOf(tally, {"b"}).tiers[0].share == 1);
}

TEST_CASE("audits and infeasible answers are counted; what is recalled from the log is neither") {
  DecisionTally tally;
  tally.Recall("b");
  tally.Add(Chosen("a", /*audit=*/true));
  tally.Add(Chosen("a", false, "the limits cannot be met together"));
  tally.Add(Chosen("a"));
  tally.Add(Chosen("a"));
  tally.Add(WithReason(absl::FailedPreconditionError("cannot"), "INFEASIBLE"));
  tally.Add(absl::FailedPreconditionError("no tier is eligible"));
  const EngineStatus status = ReportOf(tally, {"a", "b"});
  CHECK(status.audit_share == 0.25);
  CHECK(status.infeasible_decisions == 2);
  CHECK(status.tiers[0].share == Approx(0.8).margin(0.001));
}

TEST_CASE("an engine's status names its tiers and shares them out, also after a restart") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kWeighted;
  config.policy.weights = {{"small", 3}, {"large", 1}};
  config.audit_rate = 1;
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 200, {0.2, 0.5, 0.9});
  const EngineStatus before = engine->Status();
  REQUIRE(before.tiers.size() == 3);
  CHECK(before.config_name == config.name);
  CHECK(before.started_us > 0);
  CHECK(before.time_us >= before.started_us);
  CHECK(before.tiers[0].tier == "small");
  CHECK(before.tiers[0].share == Approx(0.75).margin(0.15));
  CHECK(before.tiers[0].price_version == "base");
  CHECK(before.tiers[1].share == 0);
  CHECK(before.tiers[0].share + before.tiers[2].share == Approx(1));
  CHECK(before.tiers[0].observations + before.tiers[2].observations == Approx(200).epsilon(0.01));
  CHECK(before.audit_share == 1);
  CHECK(before.feedback_share == 1);
  REQUIRE(Look(*engine, PromptNumber(1)).audit);  // a dry run
  CHECK(engine->Status().decisions == before.decisions);
  REQUIRE(engine->Close().ok());
  const EngineStatus after = MustOpen(store, config)->Status();
  CHECK(after.tiers[0].share == Approx(before.tiers[0].share));
  CHECK(after.decisions == 0);
  CHECK(after.audit_share == 0);
}

TEST_CASE("a limit that no tier keeps is counted as infeasible, refused or answered") {
  Store store;
  Config config = ThreeTierConfig();
  config.limits.cost.per_request_usd = 1e-12;
  auto engine = MustOpen(store, config);
  for (const OnInfeasible answer : {OnInfeasible::kCheapest, OnInfeasible::kReject}) {
    const int64_t before = engine->Status().infeasible_decisions;
    config.on_infeasible = answer;
    REQUIRE(engine->Reload(config).ok());
    const auto decision = engine->Route({.prompt = PromptNumber(1)});
    CHECK_FALSE(decision.ok());  // the limit for one request is never loosened
    CHECK(engine->Status().infeasible_decisions == before + 1);
  }
}

}  // namespace suffice
