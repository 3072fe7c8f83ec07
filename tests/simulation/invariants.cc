// What must hold after every step of a simulation, and of its log.
#include <fmt/format.h>

#include <map>

#include "catch.h"
#include "learner/learner.h"
#include "limits/calendar.h"
#include "log/event_log.h"
#include "simulation/simulation.h"

namespace suffice {
namespace {

constexpr double kTolerance = 1e-9;

}  // namespace

void Simulation::CheckDecision(const RouteRequest& request, const Decision& decision) {
  double sum = 0;
  const TierView* chosen = nullptr;
  for (const TierView& view : decision.tiers) {
    CHECK(view.propensity >= 0);
    if (view.exclusion != ExclusionReason::kNone) CHECK(view.propensity == 0);
    sum += view.propensity;
    if (view.tier == decision.tier) chosen = &view;
  }
  CHECK(std::abs(sum - 1) < kTolerance);
  REQUIRE(chosen != nullptr);
  CHECK(chosen->propensity > 0);
  CHECK(chosen->propensity == decision.propensity);
  for (const double cap : {request.max_cost_usd, config_.limits.cost.per_request_usd}) {
    if (cap > 0) CHECK(chosen->cost_usd <= cap * (1 + kTolerance));
  }
}

void Simulation::CheckBudgets() {
  if (!hard_budgets_) return;
  for (const BudgetStatus& account : engine_->Status().budgets) {
    INFO(account.name << " " << account.tenant);
    CHECK(account.spent_usd + account.reserved_usd + account.exposure_usd <= account.limit_usd + kTolerance);
  }
}

void Simulation::CheckLog() {
  const auto log = OpenSqliteLog({.path = path_});
  INFO(log.status().ToString());
  REQUIRE(log.ok());
  std::map<std::string, int> times;  // each feedback is there
  std::map<DecisionId, const ObservedDecision*> observed;
  const auto tail = (*log)->ReadTail({}, 1 << 30);
  REQUIRE(tail.ok());
  for (const ObservedDecision& decision : tail->touched) {
    observed[decision.decision.id] = &decision;
    for (const FeedbackRecord& feedback : decision.feedback) ++times[feedback.feedback.feedback_id];
  }
  std::map<std::pair<std::string, int64_t>, int64_t> used;  // what each period's decisions cost, or may
  DecisionId last;
  int64_t rows = 0;
  REQUIRE((*log)->ScanDecisions(0, 1 << 30, [&](const DecisionRecord& row) {
               CHECK(last < row.id);
               last = row.id;
               ++rows;
               const auto found = observed.find(row.id);
               const bool settled = found != observed.end() && found->second->outcome;
               const int64_t cost = settled ? found->second->outcome->cost_nanos : row.reserved_cost_nanos;
               for (const Budget& budget : config_.limits.cost.budgets) {
                 absl::TimeZone zone;
                 REQUIRE(absl::LoadTimeZone(budget.time_zone, &zone));
                 const std::string account = budget.each == BudgetScope::kTenant ? row.tenant : "";
                 used[{budget.name + " " + account, PeriodAt(budget.period, zone, row.time_us).start_us}] += cost;
               }
               return true;
             }).ok());
  if (hard_budgets_) {
    for (const auto& [account, nanos] : used) {
      const bool day = account.first.starts_with("day");
      INFO(account.first << " from " << account.second);
      CHECK(static_cast<double>(nanos) * 1e-9 <= config_.limits.cost.budgets[day ? 0 : 1].usd + kTolerance);
    }
  }
  size_t acknowledged = 0;
  for (const Call& call : calls_) {
    for (const Feedback& feedback : call.feedback) {
      ++acknowledged;
      INFO(feedback.feedback_id);
      CHECK(times[feedback.feedback_id] == 1);
    }
    if (!call.on_disk) continue;
    const auto found = (*log)->Find(call.id);
    REQUIRE(found.ok());
    REQUIRE(found->has_value());
    CHECK((*found)->decision.tier == call.tier);
    CHECK((*found)->outcome.has_value() == call.outcome.has_value());
  }
  CHECK(times.size() == acknowledged);
  CHECK(rows <= static_cast<int64_t>(calls_.size()));
}

void Simulation::CheckRebuild() {
  const auto log = OpenSqliteLog({.path = path_});
  REQUIRE(log.ok());
  const auto config = std::make_shared<const Config>(config_);
  auto kept = Learner::Resume(log->get(), config);
  REQUIRE(kept.ok());
  REQUIRE(kept->CatchUpFully().ok());
  auto scratch = Learner::Begin(log->get(), config, 0);
  REQUIRE(scratch.ok());
  REQUIRE(scratch->CatchUpFully().ok());
  CHECK(scratch->cursor() == kept->cursor());
  CHECK(RelativeDifference(kept->statistics(), scratch->statistics()) < kTolerance);
}

}  // namespace suffice
