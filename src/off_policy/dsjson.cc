#include "off_policy/dsjson.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/status_macros.h"
#include "features/feature_set.h"

namespace suffice {
namespace {

constexpr int64_t kPage = 512;  // decisions read at a time

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The shortest decimal that reads back the same; what is not finite has no place in JSON.
template <typename Real>
std::string Number(Real value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "0";
}

double MeanReward(const std::vector<FeedbackRecord>& feedback) {
  double sum = 0;
  for (const FeedbackRecord& record : feedback) sum += record.feedback.reward;
  return sum / static_cast<double>(feedback.size());
}

std::vector<const TierView*> Eligible(const DecisionRecord& decision) {
  std::vector<const TierView*> views;
  for (const TierView& view : decision.tiers) {
    if (view.exclusion == ExclusionReason::kNone) views.push_back(&view);
  }
  return views;
}

size_t PlaceOf(const std::vector<const TierView*>& views, const std::string& tier) {
  const auto found = std::find_if(views.begin(), views.end(), [&](const TierView* view) { return view->tier == tier; });
  return static_cast<size_t>(found - views.begin());
}

// Readers leave out keys that begin with an underscore.
std::string FeatureKey(std::span<const std::string> names, size_t dimension) {
  if (dimension >= names.size()) return fmt::format("x{}", dimension);
  const std::string& name = names[dimension];
  return name.empty() || name[0] == '_' ? fmt::format("x{}{}", dimension, name) : name;
}

std::string ContextJson(const DecisionRecord& decision, std::span<const std::string> names,
                        const std::vector<const TierView*>& views) {
  std::vector<std::string> values, actions;
  for (size_t d = 1; d < decision.features.size(); ++d) {
    values.push_back(fmt::format("{}:{}", Quoted(FeatureKey(names, d)), Number(decision.features[d])));
  }
  for (const TierView* view : views) {
    actions.push_back(fmt::format(R"({{"tier":{{"name":{},"quality":{},"cost_usd":{},"latency_ms":{}}}}})",
                                  Quoted(view->tier), Number(view->quality), Number(view->cost_usd),
                                  Number(view->latency_ms)));
  }
  return fmt::format(R"({{"x":{{{}}},"_multi":[{}]}})", fmt::join(values, ","), fmt::join(actions, ","));
}

std::string OutcomesJson(const std::string& event, const std::vector<FeedbackRecord>& feedback) {
  std::vector<std::string> outcomes;
  for (const FeedbackRecord& record : feedback) {
    outcomes.push_back(fmt::format(R"({{"EventId":"{}","v":{}}})", event, Number(record.feedback.reward)));
  }
  return fmt::format("[{}]", fmt::join(outcomes, ","));
}

std::string Timestamp(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

// The names of x's dimensions, by the feature set that a decision was made with.
class DimensionNames {
 public:
  explicit DimensionNames(EventLog& log) : log_(log) {}

  const std::vector<std::string>& Of(const DecisionRecord& decision) {
    const auto key = std::pair(decision.config_hash, decision.feature_version);
    const auto [found, is_new] = names_.try_emplace(key);
    if (is_new) found->second = Load(decision);
    return found->second;
  }

 private:
  // Empty where the set cannot be had: the numbers are as good without their names.
  std::vector<std::string> Load(const DecisionRecord& decision) {
    const auto yaml = log_.LoadConfigText(decision.config_hash);
    if (!yaml.ok()) return {};
    const auto config = ParseConfig(*yaml, "configuration " + decision.config_hash);
    if (!config.ok()) return {};
    FeatureSetPtr features = MakeCountedFeatures(config->features);
    if (features->version() != decision.feature_version) {
      const auto bytes = log_.LoadFeatureSet(decision.feature_version);
      if (!bytes.ok()) return {};
      const auto fitted = LoadFeatureSet(*bytes, config->features);
      if (!fitted.ok()) return {};
      features = *fitted;
    }
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (int d = 0; d < features->dimensions(); ++d) {
      std::string name = features->DimensionName(d);
      if (!seen.insert(name).second) name = fmt::format("{}#{}", name, d);  // an extra named as a property is
      names.push_back(std::move(name));
    }
    return names;
  }

  EventLog& log_;
  std::map<std::pair<std::string, uint64_t>, std::vector<std::string>> names_;
};

}  // namespace

bool HasPropensities(const DecisionRecord& decision) {
  if (decision.origin != DecisionOrigin::kLive) return false;
  if (!(decision.propensity > 0 && decision.propensity <= 1)) return false;
  const std::vector<const TierView*> views = Eligible(decision);
  return PlaceOf(views, decision.tier) < views.size();
}

std::string DsjsonLine(const ObservedDecision& observed, std::span<const std::string> names) {
  const DecisionRecord& decision = observed.decision;
  const std::vector<const TierView*> views = Eligible(decision);
  const size_t chosen = PlaceOf(views, decision.tier);
  const bool rewarded = !observed.feedback.empty();
  std::vector<size_t> actions{chosen + 1};
  std::vector<std::string> propensities{Number(decision.propensity)};
  for (size_t i = 0; i < views.size(); ++i) {
    if (i == chosen) continue;
    actions.push_back(i + 1);
    propensities.push_back(Number(views[i]->propensity));
  }
  const std::string event = decision.id.ToString();
  std::string line = fmt::format(R"({{"_label_cost":{},"_label_probability":{},"_label_Action":{},"_labelIndex":{},)",
                                 Number(rewarded ? 0 - MeanReward(observed.feedback) : 0.0),
                                 Number(decision.propensity), chosen + 1, chosen);
  if (!rewarded) line += R"("_skipLearn":true,)";
  line += fmt::format(R"("o":{},"Timestamp":"{}","Version":"1","EventId":"{}","a":[{}],"c":{},"p":[{}])",
                      OutcomesJson(event, observed.feedback), Timestamp(decision.time_us), event,
                      fmt::join(actions, ","), ContextJson(decision, names, views), fmt::join(propensities, ","));
  if (decision.keep_probability < 1) line += fmt::format(R"(,"pdrop":{})", Number(1 - decision.keep_probability));
  return line + '}';
}

absl::StatusOr<DsjsonCounts> WriteDsjson(EventLog& log, std::ostream& out,
                                         const std::function<void(double)>& progress) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log.LastDecisionSeq());
  DimensionNames names(log);
  DsjsonCounts counts;
  std::vector<DecisionRecord> page;
  for (int64_t after = 0; after < last && out; after += kPage) {
    page.clear();
    SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(after, kPage, [&](const DecisionRecord& decision) {
      if (decision.seq > std::min(last, after + kPage)) return false;
      HasPropensities(decision) ? page.push_back(decision) : void(++counts.left_out);
      return true;
    }));
    for (const DecisionRecord& decision : page) {
      SUFFICE_ASSIGN_OR_RETURN(const std::optional<ObservedDecision> observed, log.Find(decision.id));
      if (!observed) continue;  // the log was cut back meanwhile
      out << DsjsonLine(*observed, names.Of(decision)) << '\n';
      ++counts.lines;
      counts.rewarded += !observed->feedback.empty();
    }
    if (progress) progress(static_cast<double>(std::min(last, after + kPage)) / static_cast<double>(last));
  }
  return counts;
}

}  // namespace suffice
