#include "config/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "absl/time/time.h"
#include "config/nearest.h"

namespace suffice {
namespace {

constexpr size_t kMaxTiers = 64;

using Keys = std::vector<std::string>;

Keys Join(Keys keys, std::initializer_list<std::string> more) {
  keys.insert(keys.end(), more);
  return keys;
}

// Reports elements whose `name` an earlier one has. Missing names were reported before.
template <class T>
void CheckUniqueNames(const Keys& list, const std::vector<T>& elements, const ReportProblem& report) {
  std::map<std::string_view, size_t> seen;
  for (size_t i = 0; i < elements.size(); ++i) {
    const std::string& name = elements[i].name;
    const auto [first, is_new] = seen.emplace(name, i);
    if (is_new || name.empty()) continue;
    report(Join(list, {std::to_string(i), "name"}),
           fmt::format("\"{}\" is taken by {}.{}", name, fmt::join(list, "."), first->second));
  }
}

void CheckTiers(const Config& config, const ConfigParseOptions& options, const ReportProblem& report) {
  const size_t count = config.tiers.size();
  if (count > kMaxTiers || (count == 0 && !options.allow_no_tiers)) {
    report({"tiers"}, fmt::format("expected 1 to {} tiers, got {}", kMaxTiers, count));
  }
  CheckUniqueNames({"tiers"}, config.tiers, report);
  for (size_t i = 0; i < count; ++i) {
    CheckUniqueNames({"tiers", std::to_string(i), "deployments"}, config.tiers[i].deployments, report);
  }
}

void CheckTierReference(const Config& config, const Keys& keys, const std::string& name, const ReportProblem& report) {
  if (config.TierIndex(name) >= 0) return;
  std::vector<std::string_view> names;
  for (const Tier& tier : config.tiers) names.push_back(tier.name);
  report(keys, fmt::format("no tier is called \"{}\"; {}", name, SuggestWord(name, names)));
}

void CheckThreshold(const Config& config, const ReportProblem& report) {
  const ThresholdConfig& threshold = config.policy.threshold;
  const bool serves = config.policy.kind == PolicyKind::kThreshold;
  for (const auto& [key, tier] : {std::pair{"strong", threshold.strong}, {"weak", threshold.weak}}) {
    const Keys keys{"policy", "threshold", key};
    if (!tier.empty()) {
      CheckTierReference(config, keys, tier, report);
    } else if (serves) {
      report(keys, "expected the name of a tier: policy threshold chooses between two, and there are not just two");
    }
  }
  if (!threshold.strong.empty() && threshold.strong == threshold.weak) {
    report({"policy", "threshold", "weak"},
           fmt::format("expected another tier than strong (\"{}\")", threshold.strong));
  }
}

void CheckPolicy(const Config& config, const ConfigParseOptions& options, const ReportProblem& report) {
  const PolicyConfig& policy = config.policy;
  if (policy.kind == PolicyKind::kFixed && policy.fixed_tier.empty()) {
    report({"policy", "kind"}, "fixed needs policy.fixed.tier");
  }
  if (policy.kind == PolicyKind::kWeighted && policy.weights.empty()) {
    report({"policy", "kind"}, "weighted needs policy.weighted.weights");
  }
  const bool any_weight =
      std::any_of(policy.weights.begin(), policy.weights.end(), [](const auto& weight) { return weight.second > 0; });
  if (!policy.weights.empty() && !any_weight) {
    report({"policy", "weighted", "weights"}, "expected at least one weight > 0");
  }
  const bool names_known = !config.tiers.empty() && std::none_of(config.tiers.begin(), config.tiers.end(),
                                                                 [](const Tier& tier) { return tier.name.empty(); });
  if (options.allow_no_tiers || !names_known) return;
  CheckThreshold(config, report);
  if (!policy.fixed_tier.empty()) CheckTierReference(config, {"policy", "fixed", "tier"}, policy.fixed_tier, report);
  for (const auto& [tier, weight] : policy.weights) {
    CheckTierReference(config, {"policy", "weighted", "weights", tier}, tier, report);
  }
}

void CheckPrices(const Config& config, const ReportProblem& report) {
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    const auto& changes = config.tiers[i].price_changes;
    for (size_t k = 1; k < changes.size(); ++k) {
      if (changes[k].from_us > changes[k - 1].from_us) continue;
      report({"tiers", std::to_string(i), "price_changes", std::to_string(k), "from"},
             "expected a later time than that of the change before");
    }
  }
}

// Whether the dearest call to a tier can be told in advance, whatever is asked.
bool HasWorstCase(const Tier& tier) { return tier.max_output_tokens > 0 || tier.context_tokens > 0; }

void CheckBudget(const Config& config, size_t index, bool tiers_known, const ReportProblem& report) {
  const Budget& budget = config.limits.cost.budgets[index];
  const Keys keys{"limits", "cost", "budgets", std::to_string(index)};
  if (absl::TimeZone zone; !absl::LoadTimeZone(budget.time_zone, &zone)) {
    report(Join(keys, {"time_zone"}),
           fmt::format("expected the IANA name of a time zone, such as Europe/Berlin, got \"{}\"", budget.time_zone));
  }
  if (tiers_known && !budget.tier.empty()) CheckTierReference(config, Join(keys, {"tier"}), budget.tier, report);
  if (budget.kind == BudgetKind::kSoft) return;
  if (config.log.keep_probability < 1) {
    report(Join(keys, {"kind"}), "a hard budget needs log.keep_probability 1: what is not logged is lost in a crash");
  }
  if (!tiers_known) return;
  for (const Tier& tier : config.tiers) {
    if (HasWorstCase(tier) || (!budget.tier.empty() && budget.tier != tier.name)) continue;
    report(Join(keys, {"kind"}),
           fmt::format("a hard budget reserves the dearest call: tier \"{}\" needs max_output_tokens or context_tokens",
                       tier.name));
  }
}

void CheckLatencyLimits(const LatencyLimits& latency, const ReportProblem& report) {
  const std::pair<const char*, double> percentiles[] = {
      {"p50_ms", latency.p50_ms}, {"p95_ms", latency.p95_ms}, {"p99_ms", latency.p99_ms}};
  const char* lower = nullptr;
  double value = 0;
  for (const auto& [key, ms] : percentiles) {
    if (ms == 0) continue;
    if (ms < value) {
      report({"limits", "latency", key}, fmt::format("expected at least limits.latency.{} ({})", lower, value));
    }
    lower = key;
    value = ms;
  }
}

void CheckQualityLimits(const Config& config, bool tiers_known, const ReportProblem& report) {
  const QualityLimits& quality = config.limits.quality;
  if (quality.relative_to.empty() && quality.floor > 1) {
    report({"limits", "quality", "floor"},
           fmt::format("expected a number in [0, 1] without limits.quality.relative_to, got {}", quality.floor));
  }
  if (quality.floor == 0 && !quality.relative_to.empty()) {
    report({"limits", "quality", "relative_to"}, "needs limits.quality.floor, the share of that tier's quality");
  }
  if (config.objective.kind == ObjectiveKind::kMinCost && quality.floor == 0) {
    report({"objective", "kind"}, "min_cost needs limits.quality.floor: without it the cheapest tier always serves");
  }
  if (!tiers_known) return;
  for (const auto& [key, tier] : {std::pair{"relative_to", quality.relative_to}, {"safe_tier", quality.safe_tier}}) {
    if (!tier.empty()) CheckTierReference(config, {"limits", "quality", key}, tier, report);
  }
}

void CheckLimits(const Config& config, const ConfigParseOptions& options, const ReportProblem& report) {
  const bool tiers_known = !options.allow_no_tiers && !config.tiers.empty();
  CheckUniqueNames({"limits", "cost", "budgets"}, config.limits.cost.budgets, report);
  for (size_t i = 0; i < config.limits.cost.budgets.size(); ++i) CheckBudget(config, i, tiers_known, report);
  CheckLatencyLimits(config.limits.latency, report);
  CheckQualityLimits(config, tiers_known, report);
}

// `name` may be empty: the first provider.
void CheckProviderReference(const Config& config, const Keys& keys, const std::string& name,
                            const ReportProblem& report) {
  if (config.providers.empty() || config.FindProvider(name) != nullptr) return;
  std::vector<std::string_view> names;
  for (const ProviderConfig& provider : config.providers) names.push_back(provider.name);
  report(keys, fmt::format("no provider is called \"{}\"; {}", name, SuggestWord(name, names)));
}

void CheckProviders(const Config& config, const ReportProblem& report) {
  CheckUniqueNames({"providers"}, config.providers, report);
  for (size_t i = 0; i < config.providers.size(); ++i) {
    const ProviderConfig& provider = config.providers[i];
    const Keys keys{"providers", std::to_string(i)};
    const bool is_url = provider.base_url.starts_with("http://") || provider.base_url.starts_with("https://");
    if (!provider.base_url.empty() && !is_url) {
      report(Join(keys, {"base_url"}),
             fmt::format("expected http://... or https://..., got {}", provider.base_url));
    }
    if (!provider.api_key_env.empty() && !provider.api_key_file.empty()) {
      report(Join(keys, {"api_key_file"}), "expected either api_key_env or api_key_file, got both");
    }
  }
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    CheckProviderReference(config, {"tiers", std::to_string(i), "provider"}, config.tiers[i].provider, report);
  }
}

// What a judge of its kind cannot do without; empty: nothing is missing.
std::string MissingOf(const Config& config, const JudgeConfig& judge) {
  if (judge.kind == JudgeKind::kLlm && judge.model.empty()) return "llm needs a model";
  if (judge.kind == JudgeKind::kLlm && config.providers.empty()) return "llm needs at least one of providers";
  if (judge.kind == JudgeKind::kRegex && judge.pattern.empty()) return "regex needs a pattern";
  if (judge.kind == JudgeKind::kCommand && judge.command.empty()) return "command needs a command";
  return "";
}

void CheckJudges(const Config& config, const ConfigParseOptions& options, const ReportProblem& report) {
  CheckUniqueNames({"judges"}, config.judges, report);
  const bool tiers_known = !options.allow_no_tiers && !config.tiers.empty();
  for (size_t i = 0; i < config.judges.size(); ++i) {
    const JudgeConfig& judge = config.judges[i];
    const Keys keys{"judges", std::to_string(i)};
    if (const std::string missing = MissingOf(config, judge); !missing.empty()) report(Join(keys, {"kind"}), missing);
    CheckProviderReference(config, Join(keys, {"provider"}), judge.provider, report);
    if (judge.pairwise_against.empty()) continue;
    if (judge.kind != JudgeKind::kLlm) report(Join(keys, {"pairwise_against"}), "only judges of kind llm compare");
    if (tiers_known) CheckTierReference(config, Join(keys, {"pairwise_against"}), judge.pairwise_against, report);
  }
}

// "host:port" or "[v6 address]:port"; port 0 asks the system for a free one.
bool IsListenAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[] /") != std::string_view::npos) return false;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number <= 65535;
}

}  // namespace

void NameThresholdTiers(Config& config) {
  ThresholdConfig& threshold = config.policy.threshold;
  if (config.policy.kind != PolicyKind::kThreshold || config.tiers.size() != 2) return;
  const auto price = [](const Tier& tier) {
    return std::pair(tier.price.output_usd_per_mtok, tier.price.input_usd_per_mtok);
  };
  const size_t dear = price(config.tiers[1]) >= price(config.tiers[0]) ? 1 : 0;
  const auto other_than = [&](const std::string& name) {
    return config.tiers[config.tiers[0].name == name ? 1 : 0].name;
  };
  if (threshold.strong.empty()) {
    threshold.strong = threshold.weak.empty() ? config.tiers[dear].name : other_than(threshold.weak);
  }
  if (threshold.weak.empty()) threshold.weak = other_than(threshold.strong);
}

void CheckConfig(const Config& config, const ConfigParseOptions& options, const ReportProblem& report) {
  CheckTiers(config, options, report);
  CheckPolicy(config, options, report);
  CheckPrices(config, report);
  CheckLimits(config, options, report);
  CheckProviders(config, report);
  CheckJudges(config, options, report);
  const FeatureConfig& features = config.features;
  if (features.fit_after_prompts != 0 && features.fit_after_prompts < 2 * features.dimensions) {
    report({"features", "fit_after_prompts"},
           fmt::format("expected 0 or at least twice features.dimensions ({}), got {}", 2 * features.dimensions,
                       features.fit_after_prompts));
  }
  CheckUniqueNames({"features", "numeric"}, config.features.numeric, report);
  CheckUniqueNames({"features", "categorical"}, config.features.categorical, report);
  for (size_t i = 0; i < config.features.categorical.size(); ++i) {
    if (config.features.categorical[i].values.empty()) {
      report({"features", "categorical", std::to_string(i), "values"}, "expected at least one value");
    }
  }
  const TlsConfig& tls = config.serve.tls;
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    report({"serve", "tls", tls.cert_file.empty() ? "cert_file" : "key_file"},
           "expected a file: a certificate and its key go together");
  }
  if (!tls.client_ca_file.empty() && tls.cert_file.empty()) {
    report({"serve", "tls", "cert_file"}, "expected a file, as serve.tls.client_ca_file asks for TLS");
  }
  if (!IsListenAddress(config.serve.listen)) {
    report({"serve", "listen"},
           fmt::format("expected host:port with a port in [0, 65535], got {}", config.serve.listen));
  }
  if (!config.serve.admin_listen.empty() && !IsListenAddress(config.serve.admin_listen)) {
    report({"serve", "admin_listen"},
           fmt::format("expected host:port with a port in [0, 65535], got {}", config.serve.admin_listen));
  }
}

}  // namespace suffice
