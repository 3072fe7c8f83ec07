#include "learner/snapshot.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace suffice {
namespace {

using StatisticsOf = BucketedStatistics TierStatistics::*;

// `weight` pseudo-observations whose x are distributed as the other tiers' and whose answers follow their mean theta.
// Nothing when the others know no more than the tier itself.
std::optional<RidgeStatistics> FromOtherTiers(const Config& config, const Statistics& statistics,
                                              const std::string& tier, StatisticsOf target, const RidgePrior& prior) {
  const PolicyConfig& policy = config.policy;
  const auto own = statistics.tiers().find(tier);
  if (own != statistics.tiers().end() && (own->second.*target).n() >= policy.burn_in) return std::nullopt;
  const int d = statistics.features()->dimensions();
  RidgeStatistics gram(d);
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(d);
  double tiers = 0;
  for (const auto& [name, other] : statistics.tiers()) {
    if (name == tier || (other.*target).n() < policy.burn_in) continue;
    const RidgeStatistics discounted = (other.*target).Discounted();
    gram.AddScaled(discounted, 1 / discounted.n());
    theta += SolveRidge(discounted, d, prior).theta;
    tiers += 1;
  }
  if (tiers == 0) return std::nullopt;
  return RidgeStatistics::FromLinearModel(gram, policy.new_tier_weight / tiers, theta / tiers);
}

TierModel FitTier(const Config& config, const Statistics& statistics, const Tier& tier) {
  const FeatureSet& features = *statistics.features();
  const int all = features.dimensions();
  const int few = std::min(all, 1 + features.extras() + config.features.few_labels_dimensions);
  const auto found = statistics.tiers().find(tier.name);
  const TierStatistics empty(all, statistics.half_life());
  const TierStatistics& own = found == statistics.tiers().end() ? empty : found->second;

  TierModelOptions options;
  options.quality_dimensions = own.quality.n() < config.features.few_labels ? few : all;
  options.outcome_dimensions = own.output_tokens.n() < config.features.few_labels ? few : all;
  options.ridge = config.policy.ridge;
  options.prior = tier.prior;
  const RidgePrior ridge{.precision = options.ridge}, tokens_ridge{.precision = options.tokens_ridge},
      latency_ridge{.precision = options.latency_ridge};
  options.quality_from_others = FromOtherTiers(config, statistics, tier.name, &TierStatistics::quality, ridge);
  options.output_tokens_from_others =
      FromOtherTiers(config, statistics, tier.name, &TierStatistics::output_tokens, tokens_ridge);
  options.latency_from_others = FromOtherTiers(config, statistics, tier.name, &TierStatistics::latency, latency_ridge);
  return TierModel(own, options);
}

void SetResiduals(const LimitFold& fold, const std::string& tier, TierModel& model) {
  const auto recent = fold.latencies().find(tier);
  if (recent == fold.latencies().end()) return;
  std::vector<LatencyResidual> residuals;
  residuals.reserve(recent->second.size());
  for (const LatencyObservation& latency : recent->second) {
    residuals.push_back({latency.log_ms - model.ExpectedLogLatency(latency.x), latency.input_tokens});
  }
  model.SetLatencyResiduals(residuals);
}

}  // namespace

SnapshotPtr MakeSnapshot(int64_t number, LogCursor cursor, std::shared_ptr<const Config> config,
                         std::string config_hash, const Statistics& statistics) {
  const LimitFold nothing;
  return MakeSnapshot(number, cursor, std::move(config), std::move(config_hash), statistics, {.fold = &nothing});
}

SnapshotPtr MakeSnapshot(int64_t number, LogCursor cursor, std::shared_ptr<const Config> config,
                         std::string config_hash, const Statistics& statistics, const LimitInputs& limits) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->number = number;
  snapshot->cursor = cursor;
  snapshot->config_hash = std::move(config_hash);
  snapshot->features = statistics.features();
  snapshot->models.reserve(config->tiers.size());
  for (const Tier& tier : config->tiers) {
    snapshot->models.push_back(FitTier(*config, statistics, tier));
    SetResiduals(*limits.fold, tier.name, snapshot->models.back());
  }
  for (const auto& [name, tier] : statistics.tiers()) snapshot->observations += tier.quality.n();
  LimitSolution solution = SolveLimits(*config, snapshot->models, limits);
  snapshot->limits = std::move(solution.in_force);
  snapshot->multipliers = std::move(solution.multipliers);
  snapshot->config = std::move(config);
  return snapshot;
}

namespace {
std::atomic<uint64_t> next_publisher{1};
}

SnapshotPublisher::SnapshotPublisher() : instance_(next_publisher.fetch_add(1)) {}

void SnapshotPublisher::Publish(SnapshotPtr snapshot) {
  absl::MutexLock lock(&mutex_);
  snapshot_ = std::move(snapshot);
  version_.fetch_add(1, std::memory_order_release);
}

const SnapshotPtr& SnapshotPublisher::Get() const {
  struct Cache {
    uint64_t instance = 0;
    uint64_t version = 0;
    SnapshotPtr snapshot;
  };
  thread_local Cache cache;
  if (cache.instance != instance_ || cache.version != version_.load(std::memory_order_acquire)) {
    absl::MutexLock lock(&mutex_);
    cache.snapshot = snapshot_;
    cache.version = version_.load(std::memory_order_relaxed);
    cache.instance = instance_;
  }
  return cache.snapshot;
}

}  // namespace suffice
