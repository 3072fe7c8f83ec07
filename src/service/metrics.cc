#include "service/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace suffice {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// One family that samples are added to.
class Family {
 public:
  Family(MetricType type, std::string name, std::string help) {
    family_.type = type;
    family_.name = "suffice_" + std::move(name);
    family_.help = std::move(help);
  }
  Family& Add(double value, Labels labels = {}) {
    ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    return *this;
  }
  Family& Add(int64_t value, Labels labels = {}) { return Add(static_cast<double>(value), std::move(labels)); }
  Family& Add(bool value, Labels labels = {}) { return Add(value ? 1.0 : 0.0, std::move(labels)); }
  // A family without samples is not told.
  void MoveTo(std::vector<MetricFamily>& families) {
    if (!family_.metric.empty()) families.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

Family Counter(std::string name, std::string help) {
  return Family(MetricType::Counter, std::move(name), std::move(help));
}
Family Gauge(std::string name, std::string help) { return Family(MetricType::Gauge, std::move(name), std::move(help)); }

void AddCounts(const EngineStatus& s, std::vector<MetricFamily>& out) {
  Counter("decisions_total", "Decisions made since start.").Add(s.decisions).MoveTo(out);
  Counter("outcomes_total", "Outcomes recorded since start.").Add(s.outcomes).MoveTo(out);
  Counter("feedbacks_total", "Feedbacks recorded since start.").Add(s.feedbacks).MoveTo(out);
  Counter("unknown_feedbacks_total", "Feedbacks for decisions that the log does not know, since start.")
      .Add(s.unknown_feedbacks)
      .MoveTo(out);
  Counter("infeasible_decisions_total", "Decisions answered as on_infeasible says, or refused, since start.")
      .Add(s.infeasible_decisions)
      .MoveTo(out);
  Counter("budget_refusals_total", "Route refused because hard budgets covered no tier, since start.")
      .Add(s.budget_refusals)
      .MoveTo(out);
  Counter("wrong_model_outcomes_total", "Outcomes of another model than the one asked for, since start.")
      .Add(s.wrong_model_outcomes)
      .MoveTo(out);
  Counter("dropped_decision_rows_total", "Decision rows not kept, by log.keep_probability, since start.")
      .Add(s.dropped_decision_rows)
      .MoveTo(out);
}

void AddState(const ServiceReport& report, std::vector<MetricFamily>& out) {
  const EngineStatus& s = report.engine;
  constexpr double kMicros = 1e-6;
  Gauge("start_time_seconds", "When the service began, in seconds since the Unix epoch.")
      .Add(static_cast<double>(s.started_us) * kMicros)
      .MoveTo(out);
  Gauge("snapshot", "Number of the learned state in use.").Add(s.snapshot).MoveTo(out);
  Gauge("release", "The release that decisions are made on; 0: none.").Add(s.release).MoveTo(out);
  Gauge("ramp_release", "The release that is being ramped up; 0: none.").Add(s.ramp_release).MoveTo(out);
  Gauge("ramp_share", "Share of the decisions that are made on the release being ramped up.")
      .Add(s.ramp_share)
      .MoveTo(out);
  Gauge("observations", "Decisions with a reward behind the learned state.").Add(s.observations).MoveTo(out);
  Gauge("audit_share", "Share of the decisions since start that were drawn to be judged.")
      .Add(s.audit_share)
      .MoveTo(out);
  Gauge("feedback_share", "Feedbacks per decision since start.").Add(s.feedback_share).MoveTo(out);
  Gauge("dangling_decisions", "Decisions whose outcome is overdue.").Add(s.dangling_decisions).MoveTo(out);
  Gauge("infeasible", "1 while the limits cannot be met together.").Add(!s.infeasible.empty()).MoveTo(out);
  Gauge("log_queue", "Rows waiting for the log's writer.").Add(s.log_queue).MoveTo(out);
  Gauge("log_healthy", "0 when the log's last write failed.").Add(s.log_error.empty()).MoveTo(out);
  Gauge("config_last_reload_successful", "0 when the last reload was refused and the old configuration serves on.")
      .Add(report.reload_error.empty())
      .MoveTo(out);
  Gauge("config_info", "1, with the configuration in force.")
      .Add(1.0, {{"name", s.config_name}, {"hash", s.config_hash}})
      .MoveTo(out);
}

void AddLimits(const EngineStatus& s, std::vector<MetricFamily>& out) {
  Family value = Gauge("limit_value", "The limit: dollars a request, share of late answers, quality.");
  Family observed = Gauge("limit_observed", "What was observed, in the unit of the limit.");
  Family low = Gauge("limit_observed_low", "Lower end of the interval of what was observed.");
  Family high = Gauge("limit_observed_high", "Upper end of the interval of what was observed.");
  Family observations = Gauge("limit_observations", "Behind what was observed.");
  Family multiplier = Gauge("limit_multiplier", "The price in force, in quality per unit of the limit.");
  Family debt = Gauge("limit_debt", "Use above the limit so far, in requests' worth; negative: slack.");
  Family state = Gauge("limit_state", "1 for the state that the limit is in, 0 for the others.");
  constexpr std::array kStates = {LimitState::kNoData, LimitState::kMet, LimitState::kUnproven, LimitState::kBreached,
                                  LimitState::kInfeasible};
  for (const LimitStatus& limit : s.limits) {
    const Labels labels = {{"limit", limit.name}};
    value.Add(limit.limit, labels);
    // What nobody has seen is not 0.
    if (limit.observations > 0) {
      observed.Add(limit.observed, labels);
      low.Add(limit.low, labels);
      high.Add(limit.high, labels);
    }
    observations.Add(limit.observations, labels);
    multiplier.Add(limit.multiplier, labels);
    debt.Add(limit.debt, labels);
    for (const LimitState one : kStates) {
      state.Add(limit.state == one, {{"limit", limit.name}, {"state", std::string(ToString(one))}});
    }
  }
  for (Family* family : {&value, &observed, &low, &high, &observations, &multiplier, &debt, &state}) {
    family->MoveTo(out);
  }
}

void AddBudgets(const ServiceReport& report, std::vector<MetricFamily>& out) {
  Family limit = Gauge("budget_limit_usd", "Dollars that may be spent in the period.");
  Family spent = Gauge("budget_spent_usd", "Dollars settled by outcomes in the present period.");
  Family reserved = Gauge("budget_reserved_usd", "Dollars held for decisions whose outcome is awaited.");
  Family exposure = Gauge("budget_exposure_usd", "Dollars charged for decisions whose outcome never came.");
  Family pace = Gauge("budget_pace_usd", "Dollars that should be spent by now.");
  Family end = Gauge("budget_period_end_seconds", "When the next period begins, in seconds since the Unix epoch.");
  Family denials = Gauge("budget_denials", "Decisions of the period in which it excluded a tier.");
  for (const BudgetStatus& budget : report.engine.budgets) {
    const Labels labels = {{"budget", budget.name}, {"tenant", budget.tenant}, {"tier", budget.tier}};
    limit.Add(budget.limit_usd, labels);
    spent.Add(budget.spent_usd, labels);
    reserved.Add(budget.reserved_usd, labels);
    exposure.Add(budget.exposure_usd, labels);
    pace.Add(budget.pace_usd, labels);
    end.Add(static_cast<double>(budget.period_end_us) * 1e-6, labels);
    denials.Add(budget.denials, labels);
  }
  for (Family* family : {&limit, &spent, &reserved, &exposure, &pace, &end, &denials}) family->MoveTo(out);
  Gauge("budget_accounts_omitted", "Accounts without metrics: only the largest 1,000 have them.")
      .Add(report.omitted_accounts)
      .MoveTo(out);
}

void AddTiers(const EngineStatus& s, std::vector<MetricFamily>& out) {
  Family share = Gauge("tier_share", "Share of the newest thousand decisions or so.");
  Family observations = Gauge("tier_observations", "Effective observations behind the tier's quality.");
  Family ratio = Gauge("tier_cost_ratio", "Observed over predicted cost.");
  Family alarms = Counter("tier_drift_alarms_total", "Drift alarms since the store began.");
  Family cold = Gauge("tier_cold", "1 when the tier was idle for longer than its keep_warm_s.");
  for (const TierStatus& tier : s.tiers) {
    const Labels labels = {{"tier", tier.tier}};
    share.Add(tier.share, labels);
    observations.Add(tier.observations, labels);
    ratio.Add(tier.cost_ratio, labels);
    alarms.Add(tier.drift_alarms, labels);
    cold.Add(tier.cold, labels);
  }
  for (Family* family : {&share, &observations, &ratio, &alarms, &cold}) family->MoveTo(out);
}

void AddDepartures(const EngineStatus& s, std::vector<MetricFamily>& out) {
  constexpr size_t kMost = 100;  // samples of a family
  Gauge("departing_senders", "Senders and tiers where feedback departs from the others'.")
      .Add(static_cast<int64_t>(s.senders.size()))
      .MoveTo(out);
  Family departure = Gauge("sender_departure", "Of a sender's feedback from the others', in standard errors.");
  Family weight = Gauge("sender_weight", "That the feedback of a departing sender has.");
  for (size_t i = 0; i < std::min(kMost, s.senders.size()); ++i) {
    const Labels labels = {{"sender", s.senders[i].sender}, {"tier", s.senders[i].tier}};
    departure.Add(s.senders[i].departure, labels);
    weight.Add(s.senders[i].weight, labels);
  }
  Gauge("departing_tenants", "Tenants whose share of the dearest tier departs from what it was.")
      .Add(static_cast<int64_t>(s.tenants.size()))
      .MoveTo(out);
  Family dearest = Gauge("tenant_dearest_share", "Of a departing tenant's newest decisions that took the dearest tier.");
  for (size_t i = 0; i < std::min(kMost, s.tenants.size()); ++i) {
    dearest.Add(s.tenants[i].share, {{"tenant", s.tenants[i].tenant}});
  }
  for (Family* family : {&departure, &weight, &dearest}) family->MoveTo(out);
}

}  // namespace

std::vector<MetricFamily> MetricsOf(const ServiceReport& report) {
  std::vector<MetricFamily> families;
  Gauge("build_info", "1, with the version of the program.").Add(1.0, {{"version", SUFFICE_VERSION}}).MoveTo(families);
  AddCounts(report.engine, families);
  AddState(report, families);
  AddLimits(report.engine, families);
  AddBudgets(report, families);
  AddTiers(report.engine, families);
  AddDepartures(report.engine, families);
  return families;
}

std::vector<MetricFamily> StatusMetrics::Collect() const {
  std::vector<MetricFamily> families;
  if (const std::optional<ServiceReport> report = status_->Report()) {
    families = MetricsOf(*report);
  } else {
    Gauge("build_info", "1, with the version of the program.")
        .Add(1.0, {{"version", SUFFICE_VERSION}})
        .MoveTo(families);
  }
  Gauge("serving", "1 while requests are taken.").Add(status_->serving()).MoveTo(families);
  return families;
}

std::string MetricsText(const std::vector<MetricFamily>& families) {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

}  // namespace suffice
