#include "config/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

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
  if (!policy.fixed_tier.empty()) CheckTierReference(config, {"policy", "fixed", "tier"}, policy.fixed_tier, report);
  for (const auto& [tier, weight] : policy.weights) {
    CheckTierReference(config, {"policy", "weighted", "weights", tier}, tier, report);
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

void CheckConfig(const Config& config, const ConfigParseOptions& options, const ReportProblem& report) {
  CheckTiers(config, options, report);
  CheckPolicy(config, options, report);
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
  if (!IsListenAddress(config.serve.listen)) {
    report({"serve", "listen"},
           fmt::format("expected host:port with a port in [0, 65535], got {}", config.serve.listen));
  }
}

}  // namespace suffice
