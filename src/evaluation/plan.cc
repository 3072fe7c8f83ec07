#include "evaluation/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr double kTenth = 0.1;
constexpr double kFloorStep = 0.01;
constexpr int kFrontierPoints = 28;

std::array<double, 3> LimitsMs(const Config& config) {
  return {config.limits.latency.p50_ms, config.limits.latency.p95_ms, config.limits.latency.p99_ms};
}

// Everything that is needed to plan for one configuration.
struct Case {
  ObjectiveConfig objective;
  std::array<double, 3> limits_ms{};
  PlanTable table;
  PlanTraffic traffic;
  std::vector<PlanLimit> limits;

  ChoiceMix Solve(const std::vector<PlanLimit>& with) const {
    return SolveChoiceMix(PlanProblem(table, objective, with, traffic));
  }
  // The best point within these limits; nothing where they cannot be met.
  std::optional<PlanPoint> PointWith(const std::vector<PlanLimit>& with, bool with_p95 = false) const {
    const ChoiceMix mix = Solve(with);
    if (!mix.feasible) return std::nullopt;
    return PointOf(table, mix, limits_ms, with_p95);
  }
  // The same with one limit moved.
  std::optional<PlanPoint> PointAt(size_t j, double limit) const {
    if (!(limit > 0)) return std::nullopt;
    std::vector<PlanLimit> moved = limits;
    moved[j].limit = limit;
    return PointWith(moved);
  }
};

// A limit moved to the looser side by a part of itself; a floor by 0.01.
double Loosened(const PlanLimit& limit, double direction) {
  if (limit.kind == PlanLimit::Kind::kQuality) return limit.limit - direction * kFloorStep;
  return limit.limit * (1 + direction * kTenth);
}

double Multiplier(const PlanLimit& limit, double of_excess) { return of_excess / AllowedUse(limit); }

PlannedLimit Planned(const Case& plan, const ChoiceMix& mix, size_t j) {
  constexpr double kBinds = 1e-6;  // of the limit
  const PlanLimit& limit = plan.limits[j];
  PlannedLimit planned{.limit = limit, .use = UseOf(limit, mix.excess[j])};
  planned.step = StepOf(limit, plan.traffic.requests_a_day);
  if (!mix.feasible) {
    planned.nearest_feasible = NearestFeasible(plan.table, plan.limits, plan.traffic, j);
    return planned;
  }
  planned.binds = mix.excess[j] > -kBinds && mix.multipliers[j] > 0;
  planned.multiplier = Multiplier(limit, mix.multipliers[j]);
  planned.tighter = plan.PointAt(j, Loosened(limit, -1));
  planned.looser = plan.PointAt(j, Loosened(limit, 1));
  planned.one_step = plan.PointAt(j, limit.kind == PlanLimit::Kind::kQuality ? limit.limit - planned.step
                                                                             : limit.limit + planned.step);
  return planned;
}

// Every request answered as on_infeasible says; nothing when it says to refuse.
Choice FallbackChoice(const PlanTable& table, OnInfeasible answer) {
  Choice choice;
  for (size_t i = 0; i < table.requests(); ++i) {
    int best = -1;
    for (int k = 0; k < table.tiers; ++k) {
      const PlanCell& cell = table.At(i, static_cast<size_t>(k));
      if (!cell.eligible) continue;
      const auto better = [&](const PlanCell& than) {
        return answer == OnInfeasible::kSafest ? cell.quality > than.quality : cell.cost_usd < than.cost_usd;
      };
      if (best < 0 || better(table.At(i, static_cast<size_t>(best)))) best = k;
    }
    choice.push_back(static_cast<uint8_t>(best));
  }
  return choice;
}

// Tenants of the requests at `kept`.
PlanTraffic Subset(const PlanTraffic& traffic, const std::vector<size_t>& kept) {
  PlanTraffic subset{.requests_a_day = traffic.requests_a_day};
  if (traffic.tenants.empty()) return subset;
  for (const size_t i : kept) subset.tenants.push_back(traffic.tenants[i]);
  return subset;
}

absl::StatusOr<Case> MakeCase(const PlanEvidence& evidence, const Config& config, int64_t now_us, double requests_a_day,
                              std::vector<size_t>& kept) {
  Case plan{.objective = config.objective, .limits_ms = LimitsMs(config)};
  plan.table = PredictAnswers(evidence, config, now_us, kept);
  if (kept.empty()) {
    return InvalidField("limits.cost.per_request_usd", "expected a limit that some tier keeps on some request");
  }
  plan.traffic = Subset(evidence.traffic, kept);
  plan.traffic.requests_a_day = requests_a_day;
  SUFFICE_ASSIGN_OR_RETURN(plan.limits, PlanLimitsOf(config, plan.traffic));
  return plan;
}

// Whether every request has a tier that may answer it.
bool EveryRequestAnswered(const PlanTable& table) {
  for (size_t i = 0; i < table.requests(); ++i) {
    bool any = false;
    for (size_t k = 0; k < static_cast<size_t>(table.tiers); ++k) any |= table.At(i, k).eligible;
    if (!any) return false;
  }
  return true;
}

// What the known answers say of the plan, and of the best plan that knows them.
void FillKnown(const Case& plan, const ChoiceMix& mix, const PlanTable& known, PlanScenario& scenario) {
  scenario.measured = PointOf(known, mix, plan.limits_ms);
  if (!EveryRequestAnswered(known)) return;
  Case omniscient = plan;
  omniscient.table = known;
  scenario.optimum = omniscient.PointWith(plan.limits, true);
}

PlanScenario PlanFor(const Case& plan, const Config& config, std::string name, const std::optional<PlanTable>& known,
                     int64_t requests) {
  PlanScenario scenario{.name = std::move(name),
                        .objective = std::string(ToString(config.objective.kind)),
                        .cost_weight = config.objective.cost_weight,
                        .requests = static_cast<int64_t>(plan.table.requests()),
                        .unanswered = requests - static_cast<int64_t>(plan.table.requests()),
                        .on_infeasible = std::string(ToString(config.on_infeasible))};
  ChoiceMix mix = plan.Solve(plan.limits);
  scenario.feasible = mix.feasible;
  for (size_t j = 0; j < plan.limits.size(); ++j) scenario.limits.push_back(Planned(plan, mix, j));
  if (!mix.feasible) mix.parts = {{1, FallbackChoice(plan.table, config.on_infeasible)}};
  scenario.expected = PointOf(plan.table, mix, plan.limits_ms);
  if (known) FillKnown(plan, mix, *known, scenario);
  return scenario;
}

// The limits that shape a frontier: those on latency, the 95th percentile as given (0: none).
std::vector<PlanLimit> FrontierLimits(const Case& plan, double p95_ms) {
  std::vector<PlanLimit> limits;
  for (const PlanLimit& limit : plan.limits) {
    if (limit.kind == PlanLimit::Kind::kLate && limit.percentile != 1) limits.push_back(limit);
  }
  if (p95_ms > 0) {
    limits.push_back({.name = "latency.p95", .kind = PlanLimit::Kind::kLate, .limit = p95_ms, .percentile = 1});
  }
  return limits;
}

std::vector<PlanPoint> SweepCost(Case plan, std::vector<PlanLimit> limits, bool with_p95 = false) {
  plan.objective.kind = ObjectiveKind::kMinCost;
  const std::optional<PlanPoint> least = plan.PointWith(limits);
  plan.objective.kind = ObjectiveKind::kMaxQuality;
  const std::optional<PlanPoint> most = plan.PointWith(limits, with_p95);
  if (!least || !most) return {};
  const double low = least->cost_usd, high = most->cost_usd;
  std::vector<PlanPoint> points;
  limits.push_back({.name = "cost.mean"});
  for (int i = 0; i < kFrontierPoints && low > 0 && high > low; ++i) {
    const double part = static_cast<double>(i) / kFrontierPoints;
    limits.back().limit = low * std::pow(high / low, part) * (1 + 1e-9);
    if (const auto point = plan.PointWith(limits, with_p95)) points.push_back(*point);
  }
  if (points.empty()) points.push_back(*least);
  points.push_back(*most);
  return points;
}

std::string Seconds(double ms) { return fmt::format("p95 {:.3g} s", ms / 1000); }

// Three frontiers: as stated, and with the 95th percentile tighter and looser; where none is stated, without one and
// with what the best answers take cut by a quarter and by half.
std::vector<FrontierCurve> Frontier(const Case& plan) {
  std::vector<FrontierCurve> curves;
  const double stated = plan.limits_ms[1];
  if (stated > 0) {
    for (const double factor : {1.0, 0.75, 1.5}) curves.push_back({"", stated * factor, factor == 1, {}});
  } else {
    curves.push_back({"no p95 limit", 0, true, {}});
  }
  for (FrontierCurve& curve : curves) {
    if (curve.p95_ms > 0) curve.label = Seconds(curve.p95_ms) + (curve.stated ? " (as stated)" : "");
    curve.points = SweepCost(plan, FrontierLimits(plan, curve.p95_ms), curve.stated);
  }
  if (stated > 0 || curves[0].points.empty() || curves[0].points.back().p95_ms <= 0) return curves;
  const double best_ms = curves[0].points.back().p95_ms;
  for (const double factor : {0.75, 0.5}) {
    const double p95_ms = best_ms * factor;
    curves.push_back({Seconds(p95_ms), p95_ms, false, SweepCost(plan, FrontierLimits(plan, p95_ms))});
  }
  return curves;
}

std::vector<PlanPoint> TiersAlone(const PlanTable& table, const std::array<double, 3>& limits_ms) {
  std::vector<PlanPoint> points;
  for (int k = 0; k < table.tiers; ++k) {
    const Choice always(table.requests(), static_cast<uint8_t>(k));
    points.push_back(PointOf(table, {.parts = {{1, always}}}, limits_ms));
  }
  return points;
}

// Fills the parts of the report that are about the traffic and not about one set of limits.
void FillTraffic(const Case& plan, const std::optional<PlanTable>& known, PlanReport& report) {
  report.limits_ms = plan.limits_ms;
  report.always_known = known.has_value();
  report.always = TiersAlone(known ? *known : plan.table, plan.limits_ms);
  report.frontier = Frontier(plan);
  if (!known || !EveryRequestAnswered(*known)) return;
  Case omniscient = plan;
  omniscient.table = *known;
  for (const PlanPoint& point : SweepCost(omniscient, FrontierLimits(plan, plan.limits_ms[1]))) {
    report.known_frontier.push_back({point.quality, point.cost_usd});
  }
}

bool NeedsOtherEvidence(const Config& a, const Config& b) {
  return !(a.features == b.features) || a.policy.half_life != b.policy.half_life;
}

}  // namespace

std::optional<double> NearestFeasible(const PlanTable& table, const std::vector<PlanLimit>& limits,
                                      const PlanTraffic& traffic, size_t j) {
  const ObjectiveConfig any{};
  const auto least = [&](double limit) {
    std::vector<PlanLimit> moved = limits;
    moved[j].limit = limit;
    return ExactLeastExcess(PlanProblem(table, any, moved, traffic), j);
  };
  const PlanLimit& limit = limits[j];
  const std::optional<double> excess = least(limit.limit);
  if (!excess) return std::nullopt;
  if (*excess <= 0) return limit.limit;
  if (limit.kind != PlanLimit::Kind::kLate) return UseOf(limit, *excess);
  constexpr double kLongestMs = 1e8;
  double low = limit.limit, high = limit.limit;
  for (std::optional<double> now = excess; *now > 0; now = least(high)) {
    if (high > kLongestMs) return std::nullopt;
    low = high;
    high *= 2;
  }
  while (high > low * 1.001) {
    const double middle = std::sqrt(low * high);
    (*least(middle) > 0 ? low : high) = middle;
  }
  return high;
}

absl::StatusOr<PlanReport> MakePlan(const PlanOptions& options) {
  SUFFICE_ASSIGN_OR_RETURN(const PlanEvidence evidence, options.gather(options.config));
  const double a_day = options.requests_a_day > 0 ? options.requests_a_day : evidence.traffic.requests_a_day;
  PlanReport report{.config_name = options.config.name,
                    .config_hash = options.config.Hash(),
                    .policy = std::string(ToString(options.config.policy.kind)),
                    .source = evidence.source,
                    .requests_a_day = a_day,
                    .today = evidence.today};
  for (const Tier& tier : options.config.tiers) report.tier_names.push_back(tier.name);
  std::vector<PlanAlternative> all{{"as configured", options.config}};
  all.insert(all.end(), options.alternatives.begin(), options.alternatives.end());
  for (size_t a = 0; a < all.size(); ++a) {
    const Config& config = all[a].config;
    std::optional<PlanEvidence> other;
    if (NeedsOtherEvidence(options.config, config)) {
      SUFFICE_ASSIGN_OR_RETURN(other, options.gather(config));
    }
    const PlanEvidence& mine = other ? *other : evidence;
    std::vector<size_t> kept;
    SUFFICE_ASSIGN_OR_RETURN(const Case plan, MakeCase(mine, config, options.now_us, a_day, kept));
    const auto known = KnownAnswers(mine, config, options.config, options.now_us, kept);
    if (a == 0) FillTraffic(plan, known, report);
    report.scenarios.push_back(PlanFor(plan, config, all[a].name, known, std::ssize(mine.requests)));
    if (options.progress) options.progress(static_cast<double>(a + 1) / static_cast<double>(all.size()));
  }
  return report;
}

double StepOf(const PlanLimit& limit, double requests_a_day) {
  switch (limit.kind) {
    case PlanLimit::Kind::kCost:
      return requests_a_day > 0 ? 1 / requests_a_day : 1e-5;
    case PlanLimit::Kind::kLate:
      return 1000;
    case PlanLimit::Kind::kQuality:
      return kFloorStep;
  }
  return 0;
}

std::string StepName(const PlanLimit& limit, double requests_a_day) {
  switch (limit.kind) {
    case PlanLimit::Kind::kCost:
      return requests_a_day > 0 ? "one dollar a day more" : "one cent more per 1,000 requests";
    case PlanLimit::Kind::kLate:
      return "one second more";
    case PlanLimit::Kind::kQuality:
      return limit.reference < 0 ? "a floor lower by 0.01" : "a share lower by 0.01";
  }
  return "";
}

}  // namespace suffice
