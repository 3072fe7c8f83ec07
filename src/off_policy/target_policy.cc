#include "off_policy/target_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "engine/decide.h"
#include "engine/tier_views.h"
#include "features/sketch.h"
#include "learner/config_book.h"
#include "learner/limit_fold.h"
#include "learner/price_book.h"
#include "learner/statistics.h"
#include "off_policy/cross_fit.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int64_t kPage = 4096;

bool Contains(std::span<const std::string> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What the policy knows without one fold of decisions.
struct KnownWithout {
  Statistics statistics;
  LimitFold limits;
};

std::vector<KnownWithout> LearnWithoutEach(const Config& config, const FeatureSetPtr& features) {
  std::vector<KnownWithout> known;
  for (int k = 0; k < kFolds; ++k) known.push_back({Statistics(features, config.policy.half_life, config.drift, config.trust), {}});
  return known;
}

absl::StatusOr<std::vector<SnapshotPtr>> SnapshotsWithoutEach(EventLog& log, std::shared_ptr<const Config> config,
                                                              const FeatureSetPtr& features,
                                                              const LogTableOptions& options) {
  PriceBook prices(&log);
  ConfigBook configs(&log);
  std::vector<KnownWithout> known = LearnWithoutEach(*config, features);
  LogCursor before;
  for (bool more = true; more;) {
    SUFFICE_ASSIGN_OR_RETURN(LogTail tail, log.ReadTail(before, kPage));
    const LogCursor after{std::min(tail.end.outcome_seq, options.end.outcome_seq),
                          std::min(tail.end.feedback_seq, options.end.feedback_seq)};
    for (int k = 0; k < kFolds; ++k) {
      std::vector<ObservedDecision> touched;
      for (const ObservedDecision& observed : tail.touched) {
        const bool is_seen = observed.decision.seq <= options.decision_seq;
        if (is_seen && FoldOf(observed.decision.id) != k) touched.push_back(observed);
      }
      auto& [statistics, limits] = known[static_cast<size_t>(k)];
      statistics.FoldAll(touched, before, after, prices);
      limits.Fold(touched, before, after, statistics, configs);
    }
    more = tail.more && after != before;
    before = after;
  }
  std::vector<SnapshotPtr> snapshots;
  const std::string hash = config->Hash();
  for (const KnownWithout& some : known) {
    snapshots.push_back(MakeSnapshot(1, before, config, hash, some.statistics, {.fold = &some.limits}));
  }
  return snapshots;
}

TargetPolicy Empty(const LogTable& table, std::string name) {
  return {.name = std::move(name), .table = PolicyTable(table.rows.size(), std::vector<double>(table.tiers.size()))};
}

// The first of `order` from `start` on, round once, that the request does not rule out; `start`'s where it rules out
// all.
size_t FirstAllowed(const LogTable& table, const LoggedRow& row, const std::vector<size_t>& order, size_t start) {
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t tier = order[(start + i) % order.size()];
    if (!Contains(row.ruled_out, table.tiers[tier])) return tier;
  }
  return order[start];
}

// A counted property under its name, see features/sketch.h.
size_t PropertyIndex(std::string_view name) {
  const auto names = PropertyNames();
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// How many of the five rules hold. Properties are standardised: 1 is one standard deviation above usual.
int RulesThatHold(const Sketch& sketch) {
  static const std::array<std::pair<size_t, float>, 5> rules = {{{PropertyIndex("log_bytes"), 1.0F},
                                                                 {PropertyIndex("code_marks"), 1.0F},
                                                                 {PropertyIndex("mathematics_marks"), 1.0F},
                                                                 {PropertyIndex("digit_share"), 1.0F},
                                                                 {PropertyIndex("question_marks"), 1.5F}}};
  return static_cast<int>(std::count_if(rules.begin(), rules.end(), [&](const auto& rule) {
    return rule.first < sketch.properties.size() && sketch.properties[rule.first] > rule.second;
  }));
}

}  // namespace

absl::StatusOr<std::vector<double>> DecidePrompt(const Snapshot& snapshot, const TargetPrompt& prompt,
                                                 const std::vector<std::string>& tiers) {
  const Config& config = *snapshot.config;
  thread_local Prepared prepared;
  prepared.text.resize(static_cast<size_t>(4 * prompt.input_tokens));  // of which only the length is looked at
  prepared.x.assign(prompt.x.begin(), prompt.x.end());
  prepared.input_tokens = prompt.input_tokens;
  RouteRequest request;
  request.tenant = prompt.tenant;
  request.max_output_tokens = prompt.max_output_tokens;
  Consideration consideration;
  DecisionRecord& row = consideration.row;
  row.time_us = prompt.time_us;
  row.tenant = prompt.tenant;
  row.features.assign(prompt.x.begin(), prompt.x.end());
  row.input_tokens_estimate = prompt.input_tokens;
  row.max_output_tokens = prompt.max_output_tokens;
  row.multipliers = MultipliersOf(snapshot.limits, prompt.tenant, config.tiers);
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    OfferOf(snapshot, i, request, prompt.time_us, /*cold=*/false, prepared,
            {row.tiers.emplace_back(), consideration.predictions[i], consideration.max_output_tokens[i]});
    if (Contains(prompt.ruled_out, config.tiers[i].name)) {
      consideration.Exclude(i, ExclusionReason::kNotAllowed, "ruled out by the request");
    }
  }
  SUFFICE_RETURN_IF_ERROR(Choose(snapshot, request, consideration));
  std::vector<double> propensities(tiers.size());
  for (const TierView& view : row.tiers) {
    const auto found = std::find(tiers.begin(), tiers.end(), view.tier);
    if (found == tiers.end()) return InvalidField("tiers", fmt::format("expected {} among them", view.tier));
    propensities[static_cast<size_t>(found - tiers.begin())] = view.propensity;
  }
  return propensities;
}

absl::StatusOr<TargetPolicy> PolicyFromConfig(EventLog& log, const Config& config, const LogTable& table,
                                              const LogTableOptions& options, std::string name) {
  auto live = std::make_shared<Config>(config);
  live->mode = Mode::kLive;
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<SnapshotPtr> snapshots,
                           SnapshotsWithoutEach(log, live, table.features, options));
  TargetPolicy policy = Empty(table, std::move(name));
  std::vector<size_t> order(table.tiers.size());
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const LoggedRow& row = table.rows[i];
    absl::StatusOr<std::vector<double>> chosen = DecidePrompt(*snapshots[static_cast<size_t>(FoldOf(row.id))],
                                                              {.x = row.x,
                                                               .input_tokens = row.input_tokens,
                                                               .max_output_tokens = row.max_output_tokens,
                                                               .tenant = row.tenant,
                                                               .time_us = row.time_us,
                                                               .ruled_out = row.ruled_out},
                                                              table.tiers);
    if (absl::IsFailedPrecondition(chosen.status())) {
      ++policy.refused;
      policy.table[i][FirstAllowed(table, row, order, 0)] = 1;
    } else if (!chosen.ok()) {
      return chosen.status();
    } else {
      policy.table[i] = *std::move(chosen);
    }
  }
  return policy;
}

TargetPolicy ServingAsLogged(const LogTable& table) {
  TargetPolicy policy{.name = "serving (as logged)"};
  for (const LoggedRow& row : table.rows) policy.table.push_back(row.propensity);
  return policy;
}

TargetPolicy AlwaysFirst(const LogTable& table, const std::vector<size_t>& order, std::string name) {
  TargetPolicy policy = Empty(table, std::move(name));
  for (size_t i = 0; i < table.rows.size(); ++i) policy.table[i][FirstAllowed(table, table.rows[i], order, 0)] = 1;
  return policy;
}

TargetPolicy RandomPolicy(const LogTable& table, const std::vector<size_t>& order) {
  TargetPolicy policy = Empty(table, "random");
  for (size_t i = 0; i < table.rows.size(); ++i) {
    std::vector<size_t> allowed;
    for (const size_t tier : order) {
      if (!Contains(table.rows[i].ruled_out, table.tiers[tier])) allowed.push_back(tier);
    }
    if (allowed.empty()) allowed = order;
    for (const size_t tier : allowed) policy.table[i][tier] = 1 / static_cast<double>(allowed.size());
  }
  return policy;
}

TargetPolicy FiveRules(const LogTable& table, const std::vector<size_t>& order) {
  TargetPolicy policy = Empty(table, "five rules");
  const auto top = static_cast<double>(order.size() - 1);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const LoggedRow& row = table.rows[i];
    const absl::StatusOr<Sketch> sketch = Sketch::Decode(row.sketch);
    const double asked = sketch.ok() ? std::ceil(RulesThatHold(*sketch) * top / 3) : 0;
    policy.table[i][FirstAllowed(table, row, order, static_cast<size_t>(std::min(top, asked)))] = 1;
  }
  return policy;
}

std::vector<size_t> TiersByCost(const LogTable& table, const std::vector<std::string>& among) {
  std::vector<size_t> order;
  for (size_t a = 0; a < table.tiers.size(); ++a) {
    if (Contains(among, table.tiers[a])) order.push_back(a);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return table.predicted_usd[a] < table.predicted_usd[b]; });
  return order;
}

}  // namespace suffice
