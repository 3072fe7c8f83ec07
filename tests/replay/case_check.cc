#include "replay/case_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "engine/decide.h"
#include "log/row_codec.h"
#include "suffice/limit_status.h"
#include "suffice/status.h"

namespace suffice {
namespace {

bool Near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b)); }

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const TierView* Find(const DecisionRecord& row, const std::string& tier) {
  for (const TierView& view : row.tiers) {
    if (view.tier == tier) return &view;
  }
  return nullptr;
}

class Checker {
 public:
  Checker(const Expectation& expect, const Problems& problem) : expect_(expect), problem_(problem) {}

  void Error(const absl::Status& status) const;
  void Row(const DecisionRecord& row, const Config& config) const;
  void Limits(const std::vector<LimitStatus>& limits) const;
  void Budgets(const std::vector<BudgetStatus>& budgets) const;

 private:
  bool Stated(const char* key) const { return expect_.stated.contains(key); }
  void Text(const char* key, const std::string& expected, const std::string& actual) const {
    if (Stated(key) && expected != actual) problem_(fmt::format("{}: expected {}, got {}", key, expected, actual));
  }
  void Number(const std::string& what, double expected, double actual) const {
    if (Near(actual, expected, expect_.tolerance)) return;
    problem_(fmt::format("{}: expected {}, got {:.9g}", what, expected, actual));
  }
  void Number(const std::string& what, const std::optional<double>& expected, double actual) const {
    if (expected) Number(what, *expected, actual);
  }
  void PerTier(const char* key, const TierNumbers& expected, const DecisionRecord& row,
               const std::function<double(const TierView&)>& value) const;
  void Tiers(const DecisionRecord& row) const;
  void Chosen(const DecisionRecord& row) const;
  void Exclusions(const DecisionRecord& row) const;
  void Multipliers(const DecisionRecord& row) const;
  void Always(const DecisionRecord& row, const Config& config) const;
  static std::string Word(const TierView& view);

  const Expectation& expect_;
  const Problems& problem_;
};

void Checker::Error(const absl::Status& status) const {
  const ExpectedError& expected = *expect_.error;
  if (const std::string code = absl::StatusCodeToString(status.code()); code != expected.code) {
    problem_(fmt::format("error.code: expected {}, got {}", expected.code, status.ToString()));
  }
  if (const std::string reason = StatedReason(status).value_or("");
      !expected.reason.empty() && reason != expected.reason) {
    problem_(fmt::format("error.reason: expected {}, got \"{}\"", expected.reason, reason));
  }
  if (!Contains(std::string(status.message()), expected.text)) {
    problem_(fmt::format("error.text: expected \"{}\" in \"{}\"", expected.text, std::string(status.message())));
  }
  if (!expected.retry_after_s) return;
  const std::optional<int64_t> retry = RetryAfterMicros(status);
  Number("error.retry_after_s", *expected.retry_after_s, retry ? static_cast<double>(*retry) * 1e-6 : -1);
}

void Checker::PerTier(const char* key, const TierNumbers& expected, const DecisionRecord& row,
                      const std::function<double(const TierView&)>& value) const {
  for (const auto& [tier, number] : expected) {
    if (const TierView* view = Find(row, tier)) {
      Number(fmt::format("{}.{}", key, tier), number, value(*view));
    } else {
      problem_(fmt::format("{}.{}: the policy has no such tier", key, tier));
    }
  }
}

void Checker::Tiers(const DecisionRecord& row) const {
  PerTier("propensities", expect_.propensities, row, [](const TierView& v) { return v.propensity; });
  PerTier("quality", expect_.quality, row, [](const TierView& v) { return v.quality; });
  PerTier("score", expect_.score, row, [](const TierView& v) { return v.score; });
  PerTier("cost_usd", expect_.cost_usd, row, [](const TierView& v) { return v.cost_usd; });
  PerTier("worst_cost_usd", expect_.worst_cost_usd, row, [](const TierView& v) { return v.worst_cost_usd; });
  PerTier("latency_ms", expect_.latency_ms, row, [](const TierView& v) { return v.latency_ms; });
  PerTier("start_ms", expect_.start_ms, row, [](const TierView& v) { return v.start_ms; });
  PerTier("late_p50", expect_.late_p50, row, [](const TierView& v) { return v.late[0]; });
  PerTier("late_p95", expect_.late_p95, row, [](const TierView& v) { return v.late[1]; });
  PerTier("late_p99", expect_.late_p99, row, [](const TierView& v) { return v.late[2]; });
}

std::string Checker::Word(const TierView& view) {
  std::string json;
  EncodeTiers({TierView{.tier = "t", .exclusion = view.exclusion}}, json);
  constexpr std::string_view kKey = "\"exclusion\":\"";
  const size_t at = json.find(kKey);
  if (at == std::string::npos) return "none";
  return json.substr(at + kKey.size(), json.find('"', at + kKey.size()) - at - kKey.size());
}

void Checker::Exclusions(const DecisionRecord& row) const {
  if (!Stated("excluded")) return;
  for (const ExpectedExclusion& expected : expect_.excluded) {
    if (Find(row, expected.tier) == nullptr) problem_(fmt::format("excluded: no tier is called {}", expected.tier));
  }
  for (const TierView& view : row.tiers) {
    const auto expected = std::find_if(expect_.excluded.begin(), expect_.excluded.end(),
                                       [&](const ExpectedExclusion& e) { return e.tier == view.tier; });
    const bool listed = expected != expect_.excluded.end();
    if (const std::string reason = listed ? expected->reason : "none"; reason != Word(view)) {
      problem_(fmt::format("excluded: expected {} for {}, got {} ({})", reason, view.tier, Word(view),
                           view.exclusion_detail));
    } else if (listed && !Contains(view.exclusion_detail, expected->detail)) {
      problem_(
          fmt::format("excluded: expected \"{}\" in \"{}\" of {}", expected->detail, view.exclusion_detail, view.tier));
    }
  }
}

// A draw is chance: a case names the tier only where there is no other.
void Checker::Chosen(const DecisionRecord& row) const {
  Text("tier", expect_.tier, row.tier);
  if (Stated("tier") && row.propensity < 1 - 1e-9) {
    problem_(fmt::format("tier: a draw with propensity {}; expect propensities", row.propensity));
  }
  Text("policy_tier", expect_.policy_tier, row.policy_tier);
  Text("price_version", expect_.price_version, row.price_version);
  if (Stated("session_kept")) {
    const bool kept = !row.session_tier.empty() && row.session_tier == row.tier;
    if (kept != expect_.session_kept) problem_(fmt::format("session_kept: expected {}", expect_.session_kept));
  }
  if (Stated("max_output_tokens") && row.call_max_output_tokens != expect_.max_output_tokens) {
    problem_(
        fmt::format("max_output_tokens: expected {}, got {}", expect_.max_output_tokens, row.call_max_output_tokens));
  }
  if (expect_.infeasible == "no" ? !row.infeasible.empty() : !Contains(row.infeasible, expect_.infeasible)) {
    problem_(fmt::format("infeasible: expected \"{}\" in \"{}\"", expect_.infeasible, row.infeasible));
  }
}

void Checker::Multipliers(const DecisionRecord& row) const {
  for (const auto& [name, number] : expect_.multipliers) {
    double actual = 0;
    for (const auto& [known, value] : row.multipliers) {
      if (known == name) actual = value;
    }
    Number("multipliers." + name, number, actual);
  }
}

void Checker::Always(const DecisionRecord& row, const Config& config) const {
  double sum = 0;
  for (const TierView& view : row.tiers) {
    sum += view.propensity;
    if (view.propensity < 0 || (view.exclusion != ExclusionReason::kNone && view.propensity != 0)) {
      problem_(fmt::format("propensity {} of {} ({})", view.propensity, view.tier, Word(view)));
    }
  }
  if (std::abs(sum - 1) > 1e-9) problem_(fmt::format("propensities sum to {}", sum));

  std::string tiers, multipliers;
  EncodeTiers(row.tiers, tiers);
  EncodeMultipliers(row.multipliers, multipliers);
  DecisionRecord read = row;
  auto tiers_read = DecodeTiers(tiers);
  auto multipliers_read = DecodeMultipliers(multipliers);
  if (!tiers_read.ok() || !multipliers_read.ok()) return problem_("the row does not read back");
  read.tiers = *std::move(tiers_read);
  read.multipliers = *std::move(multipliers_read);
  const Rederived again = Rederive(read, config.policy);
  if (again.tier != row.policy_tier) problem_(fmt::format("the row gives {}, not {}", again.tier, row.policy_tier));
  for (size_t i = 0; i < row.tiers.size(); ++i) {
    if (again.propensities[i] == row.tiers[i].propensity) continue;
    problem_(fmt::format("the row gives {} the propensity {:.17g}, not {:.17g}", row.tiers[i].tier,
                         again.propensities[i], row.tiers[i].propensity));
  }
}

void Checker::Row(const DecisionRecord& row, const Config& config) const {
  Chosen(row);
  Exclusions(row);
  Tiers(row);
  Multipliers(row);
  if (Stated("fallbacks")) {
    const std::vector<std::string> fallbacks = AnswerOf(row, config).fallbacks;
    if (fallbacks != expect_.fallbacks) problem_(fmt::format("fallbacks: got {}", fmt::join(fallbacks, ", ")));
  }
  Always(row, config);
}

void Checker::Limits(const std::vector<LimitStatus>& limits) const {
  for (const ExpectedLimit& expected : expect_.limits) {
    const auto found = std::find_if(limits.begin(), limits.end(),
                                    [&](const LimitStatus& status) { return status.name == expected.name; });
    if (found == limits.end()) {
      problem_(fmt::format("limits: no {}", expected.name));
      continue;
    }
    if (!expected.state.empty() && expected.state != ToString(found->state)) {
      problem_(fmt::format("limits.{}: expected {}, got {}", expected.name, expected.state, ToString(found->state)));
    }
    Number("limits." + expected.name + ".observed", expected.observed, found->observed);
    Number("limits." + expected.name + ".nearest_feasible", expected.nearest_feasible, found->nearest_feasible);
    Number("limits." + expected.name + ".multiplier", expected.multiplier, found->multiplier);
  }
}

void Checker::Budgets(const std::vector<BudgetStatus>& budgets) const {
  for (const ExpectedBudget& expected : expect_.budgets) {
    const auto found = std::find_if(budgets.begin(), budgets.end(), [&](const BudgetStatus& status) {
      return status.name == expected.name && status.tenant == expected.tenant && status.tier == expected.tier;
    });
    if (found == budgets.end()) {
      problem_(fmt::format("budgets: no account {} {} {}", expected.name, expected.tenant, expected.tier));
      continue;
    }
    Number("budgets." + expected.name + ".spent_usd", expected.spent_usd, found->spent_usd);
    Number("budgets." + expected.name + ".reserved_usd", expected.reserved_usd, found->reserved_usd);
    Number("budgets." + expected.name + ".exposure_usd", expected.exposure_usd, found->exposure_usd);
  }
}

}  // namespace

void CheckAnswer(const Expectation& expect, const absl::StatusOr<DecisionRecord>& answer, const Snapshot& snapshot,
                 const std::vector<BudgetStatus>& budgets, const Problems& problem) {
  const Checker checker(expect, problem);
  checker.Limits(snapshot.limits.status);
  checker.Budgets(budgets);
  if (answer.ok() && expect.error) return problem("error: expected " + expect.error->code + ", got " + answer->tier);
  if (expect.error) return checker.Error(answer.status());
  if (!answer.ok()) return problem("no answer: " + answer.status().ToString());
  checker.Row(*answer, *snapshot.config);
}

}  // namespace suffice
