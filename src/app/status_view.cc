#include "app/status_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/number_text.h"

namespace suffice {
namespace {

using Status = v1::AdminServiceGetStatusResponse;
using Lines = std::vector<Line>;

constexpr int kMaxAccounts = 20;  // shown
constexpr size_t kHashCharacters = 12;
constexpr double kPaceTolerance = 0.02;  // of the limit
constexpr double kNearlyUsed = 0.9;      // of the limit

int BarWidth(int columns) { return columns == 0 ? 30 : std::clamp(columns - 60, 10, 40); }

void Append(Lines& lines, const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); }

// What must not be overlooked stands first.
void AddWarnings(const Status& s, Lines& lines) {
  const auto add = [&lines](const std::string& what, const std::string& why) {
    lines.push_back({{what, Style::kBad}, {": " + why}});
  };
  if (!s.log_error().empty()) add("LOG ERROR", s.log_error());
  if (!s.infeasible().empty()) add("INFEASIBLE", s.infeasible());
  if (!s.reload_error().empty()) {
    add("RELOAD REFUSED",
        s.reload_error().substr(0, s.reload_error().find('\n')) + " (the old configuration serves on)");
  }
}

// "  release 3", and what is being ramped up beside it.
std::string ReleaseText(const v1::AdminServiceGetStatusResponse& s) {
  std::string text = s.release() == 0 ? "" : fmt::format("  release {}", s.release());
  if (s.ramp_share() > 0) {
    text += fmt::format("  release {} makes {} of the decisions", s.ramp_release(), PercentText(s.ramp_share()));
  }
  return text;
}

void AddHeader(const Status& s, Lines& lines) {
  lines.push_back({{fmt::format("suffice {}  {}", s.version(), s.config_name()), Style::kTitle},
                   {fmt::format("  up {}", DurationText(s.time_us() - s.started_us()))}});
  AddWarnings(s, lines);
  lines.push_back({{fmt::format("decisions {}  outcomes {}  feedback {}  audits {}  log queue {}",
                                CountText(s.decisions()), CountText(s.outcomes()), PercentText(s.feedback_share()),
                                PercentText(s.audit_share()), CountText(s.log_queue()))}});
  lines.push_back({{fmt::format("config {}  snapshot {} of {} rewards{}", s.config_hash().substr(0, kHashCharacters),
                                s.snapshot(), CountText(s.observations()), ReleaseText(s))}});
  Line troubles;
  const auto add = [&troubles](const char* what, int64_t count, Style style) {
    troubles.push_back({fmt::format("{}{} {}", troubles.empty() ? "" : "  ", what, CountText(count)),
                        count > 0 ? style : Style::kPlain});
  };
  add("dangling", s.dangling_decisions(), Style::kDoubtful);
  add("infeasible", s.infeasible_decisions(), Style::kBad);
  add("refused by budgets", s.budget_refusals(), Style::kBad);
  add("wrong model", s.wrong_model_outcomes(), Style::kBad);
  if (s.unknown_feedbacks() > 0) add("unknown feedback", s.unknown_feedbacks(), Style::kDoubtful);
  if (s.dropped_decision_rows() > 0) add("rows not kept", s.dropped_decision_rows(), Style::kPlain);
  lines.push_back(troubles);
  if (s.agreement_decisions() > 0) {
    lines.push_back({{fmt::format("agreement with the caller {} of {} decisions", PercentText(s.agreement()),
                                  CountText(s.agreement_decisions()))}});
  }
}

Span StateSpan(v1::LimitState state) {
  switch (state) {
    case v1::LIMIT_STATE_NO_DATA:
      return {"no data", Style::kDoubtful};
    case v1::LIMIT_STATE_MET:
      return {"met", Style::kGood};
    case v1::LIMIT_STATE_UNPROVEN:
      return {"unproven", Style::kDoubtful};
    case v1::LIMIT_STATE_BREACHED:
      return {"BREACHED", Style::kBad};
    case v1::LIMIT_STATE_INFEASIBLE:
      return {"INFEASIBLE", Style::kBad};
    default:
      return {"unknown", Style::kDoubtful};
  }
}

// A number in the unit of the limit.
std::string InUnit(const std::string& limit, double value) {
  if (limit.starts_with("cost")) return UsdText(value);
  if (limit.starts_with("latency")) return PercentText(value) + " late";
  return fmt::format("{:.3f}", value);
}

std::string Observed(const v1::LimitStatus& limit) {
  if (limit.observations() == 0) return "-";
  const std::string value = InUnit(limit.name(), limit.observed());
  if (limit.low() == limit.high()) return value;
  return fmt::format("{} [{}, {}]", value, InUnit(limit.name(), limit.low()), InUnit(limit.name(), limit.high()));
}

void AddLimits(const Status& s, Lines& lines) {
  if (s.limits().empty()) return;
  Lines rows{{{"LIMIT", Style::kTitle},
              {"STATE", Style::kTitle},
              {"OBSERVED", Style::kTitle},
              {"AGAINST", Style::kTitle},
              {"PRICE", Style::kTitle},
              {"DEBT", Style::kTitle},
              {"SEEN", Style::kTitle}}};
  for (const v1::LimitStatus& limit : s.limits()) {
    rows.push_back({{limit.name()},
                    StateSpan(limit.state()),
                    {Observed(limit)},
                    {InUnit(limit.name(), limit.limit())},
                    {fmt::format("{:.4g}", limit.multiplier())},
                    {fmt::format("{:.1f}", limit.debt())},
                    {CountText(limit.observations())}});
  }
  const Lines table = AlignColumns(rows, "llllrrr");
  lines.emplace_back();
  lines.push_back(table[0]);
  for (int i = 0; i < s.limits_size(); ++i) {
    const v1::LimitStatus& limit = s.limits(i);
    lines.push_back(table[i + 1]);
    if (limit.state() == v1::LIMIT_STATE_INFEASIBLE) {
      lines.push_back({{fmt::format("  nearest feasible: {}", InUnit(limit.name(), limit.nearest_feasible()))}});
    }
    if (!limit.detail().empty()) lines.push_back({{"  " + limit.detail(), Style::kFaint}});
  }
}

double Used(const v1::BudgetStatus& budget) { return budget.spent_usd() + budget.exposure_usd(); }

Span PaceSpan(const v1::BudgetStatus& budget) {
  const double ahead = Used(budget) - budget.pace_usd();
  const std::string pace = PercentText(budget.pace_usd() / budget.limit_usd());
  if (std::abs(ahead) <= kPaceTolerance * budget.limit_usd()) {
    return {fmt::format("pace {}: on it", pace), Style::kGood};
  }
  if (ahead > 0) return {fmt::format("pace {}: OVER by {}", pace, UsdText(ahead)), Style::kDoubtful};
  return {fmt::format("pace {}: under by {}", pace, UsdText(-ahead)), Style::kGood};
}

Span FillSpan(const v1::BudgetStatus& budget) {
  const double share = (Used(budget) + budget.reserved_usd()) / budget.limit_usd();
  const std::string used = PercentText(Used(budget) / budget.limit_usd());
  if (share > 1.0 + 1e-9) return {used + " EXCEEDED", Style::kBad};
  if (share >= 1.0 - 1e-3) return {used + " ALL USED", Style::kBad};
  if (share >= kNearlyUsed) return {used + " nearly used", Style::kDoubtful};
  return {used};
}

std::string AccountOf(const v1::BudgetStatus& budget) {
  std::string text = budget.name();
  if (!budget.tenant().empty()) text += ", tenant " + budget.tenant();
  if (!budget.tier().empty()) text += ", tier " + budget.tier();
  return text + (budget.kind() == v1::BUDGET_KIND_HARD ? " (hard)" : " (soft)");
}

void AddBudget(const v1::BudgetStatus& budget, int64_t now_us, int width, Lines& lines) {
  Line money{{AccountOf(budget)},
             {fmt::format("  {} of {} spent", UsdText(budget.spent_usd()), UsdText(budget.limit_usd()))}};
  if (budget.reserved_usd() > 0) money.push_back({fmt::format(", {} reserved", UsdText(budget.reserved_usd()))});
  if (budget.exposure_usd() > 0) {
    money.push_back({fmt::format(", {} exposed", UsdText(budget.exposure_usd())), Style::kDoubtful});
  }
  if (budget.denials() > 0) {
    money.push_back({fmt::format(", {} denials", CountText(budget.denials())), Style::kDoubtful});
  }
  lines.push_back(money);
  Line bar{{"  "}, {BudgetBar(budget, width)}, {"  "}, FillSpan(budget)};
  if (budget.pace_usd() > 0) {
    bar.push_back({"  "});
    bar.push_back(PaceSpan(budget));
  }
  bar.push_back({fmt::format("  ends in {}", DurationText(budget.period_end_us() - now_us))});
  lines.push_back(bar);
}

void AddBudgets(const Status& s, int columns, Lines& lines) {
  if (s.budgets().empty()) return;
  lines.emplace_back();
  lines.push_back({{"BUDGETS", Style::kTitle}, {"  # spent  x exposed  = reserved  | pace", Style::kFaint}});
  const int shown = std::min(kMaxAccounts, s.budgets_size());
  for (int i = 0; i < shown; ++i) AddBudget(s.budgets(i), s.time_us(), BarWidth(columns), lines);
  const int64_t more = s.budgets_size() - shown + s.omitted_budgets();
  if (more > 0) lines.push_back({{fmt::format("and {} more accounts", CountText(more)), Style::kFaint}});
}

std::string ShareBar(double share, int width) {
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * width));
  return fmt::format("[{}{}]", std::string(full, '#'), std::string(width - full, '.'));
}

Span DriftSpan(const v1::TierStatus& tier, int64_t now_us) {
  if (tier.drift_alarms() == 0) return {"none"};
  return {fmt::format("{}, {} ago", CountText(tier.drift_alarms()), DurationText(now_us - tier.last_alarm_us())),
          Style::kDoubtful};
}

void AddTiers(const Status& s, int columns, Lines& lines) {
  if (s.tiers().empty()) return;
  Lines rows{{{"TIER", Style::kTitle},
              {"SHARE", Style::kTitle},
              {"", Style::kTitle},
              {"REWARDS", Style::kTitle},
              {"COST RATIO", Style::kTitle},
              {"DRIFT ALARMS", Style::kTitle},
              {"WARMTH", Style::kTitle},
              {"PRICES", Style::kTitle}}};
  for (const v1::TierStatus& tier : s.tiers()) {
    rows.push_back({{tier.tier()},
                    {ShareBar(tier.share(), BarWidth(columns) / 2)},
                    {PercentText(tier.share())},
                    {CountText(std::llround(tier.observations()))},
                    {fmt::format("{:.2f}", tier.cost_ratio())},
                    DriftSpan(tier, s.time_us()),
                    tier.cold() ? Span{"cold", Style::kDoubtful} : Span{"warm"},
                    {tier.price_version().empty() ? "base" : tier.price_version()}});
  }
  lines.emplace_back();
  Append(lines, AlignColumns(rows, "llrrrlll"));
}

void AddDepartures(const Status& s, Lines& lines) {
  if (s.senders_size() + s.tenants_size() > 0) lines.emplace_back();
  for (const v1::SenderStatus& sender : s.senders()) {
    lines.push_back({{fmt::format("sender {} on tier {}: rewards {:.1f} standard errors {} the others', {} of the feedback; "
                                  "believed at {:.2f}",
                                  sender.sender(), sender.tier(), std::abs(sender.departure()),
                                  sender.departure() < 0 ? "below" : "above", PercentText(sender.share()),
                                  sender.weight()),
                      Style::kDoubtful}});
  }
  for (const v1::TenantStatus& tenant : s.tenants()) {
    lines.push_back({{fmt::format("tenant {}: {} of its decisions take the dearest tier, usually {}", tenant.tenant(),
                                  PercentText(tenant.share()), PercentText(tenant.usual_share())),
                      Style::kDoubtful}});
  }
}

}  // namespace

std::string BudgetBar(const v1::BudgetStatus& budget, int width) {
  const double limit = budget.limit_usd();
  const auto place = [&](double usd) {
    return limit > 0 ? static_cast<int>(std::lround(std::clamp(usd / limit, 0.0, 1.0) * width)) : 0;
  };
  std::string bar(width, '.');
  double until = 0;
  for (const auto& [usd, mark] :
       {std::pair{budget.spent_usd(), '#'}, {budget.exposure_usd(), 'x'}, {budget.reserved_usd(), '='}}) {
    std::fill(bar.begin() + place(until), bar.begin() + std::max(place(until), place(until + usd)), mark);
    until += usd;
  }
  if (budget.pace_usd() > 0) bar[std::min(width - 1, place(budget.pace_usd()))] = '|';
  return "[" + bar + "]";
}

std::vector<Line> StatusLines(const Status& status, int columns) {
  Lines lines;
  AddHeader(status, lines);
  AddLimits(status, lines);
  AddBudgets(status, columns, lines);
  AddTiers(status, columns, lines);
  AddDepartures(status, lines);
  return lines;
}

}  // namespace suffice
