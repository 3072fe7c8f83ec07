#include "learner/snapshot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace suffice {
namespace {

double ObservedBy(const BucketedStatistics& statistics) { return statistics.n(); }
double ObservedBy(const EpochStatistics& statistics) { return statistics.observed(); }

RidgeStatistics SumsOf(const Config&, const Statistics&, const TierStatistics& tier,
                       BucketedStatistics TierStatistics::*target) {
  return (tier.*target).Discounted();
}
RidgeStatistics SumsOf(const Config& config, const Statistics& statistics, const TierStatistics& tier,
                       EpochStatistics TierStatistics::*) {
  return tier.Quality(statistics.trust().weights(), config.trust.max_share);
}

enum class Centre { kMean, kMedian };

// A tier's theta, and what it predicts on average.
struct KnownTheta {
  double level = 0;
  Eigen::VectorXd theta;
};

// The mean of the thetas; or the mean of the one or two in the middle by level.
Eigen::VectorXd CentreOf(std::vector<KnownTheta>& known, Centre centre) {
  std::sort(known.begin(), known.end(), [](const KnownTheta& a, const KnownTheta& b) { return a.level < b.level; });
  const size_t first = centre == Centre::kMedian ? (known.size() - 1) / 2 : 0;
  const size_t last = centre == Centre::kMedian ? known.size() / 2 : known.size() - 1;
  Eigen::VectorXd sum = known[first].theta;
  for (size_t i = first + 1; i <= last; ++i) sum += known[i].theta;
  return sum / static_cast<double>(last - first + 1);
}

// `weight` pseudo-observations whose x are distributed as the other tiers' and whose answers follow the centre of their
// thetas. Nothing when the others know no more than the tier itself.
template <typename Sums>
std::optional<RidgeStatistics> FromOtherTiers(const Config& config, const Statistics& statistics,
                                              const std::string& tier, Sums TierStatistics::*target,
                                              const RidgePrior& prior, Centre centre) {
  const PolicyConfig& policy = config.policy;
  const auto own = statistics.tiers().find(tier);
  if (own != statistics.tiers().end() && ObservedBy(own->second.*target) >= policy.burn_in) return std::nullopt;
  const int d = statistics.features()->dimensions();
  RidgeStatistics gram(d);
  std::vector<KnownTheta> known;
  for (const auto& [name, other] : statistics.tiers()) {
    if (name == tier || (other.*target).n() < policy.burn_in) continue;
    const RidgeStatistics discounted = SumsOf(config, statistics, other, target);
    gram.AddScaled(discounted, 1 / discounted.n());
    Eigen::VectorXd theta = SolveRidge(discounted, d, prior).theta;
    const double level = discounted.S().col(0).dot(theta) / discounted.n();  // column 0 is the sum of x
    known.push_back({level, std::move(theta)});
  }
  if (known.empty()) return std::nullopt;
  const double share = policy.new_tier_weight / static_cast<double>(known.size());
  return RidgeStatistics::FromLinearModel(gram, share, CentreOf(known, centre));
}

TierModel FitTier(const Config& config, const Statistics& statistics, const Tier& tier) {
  const FeatureSet& features = *statistics.features();
  const int all = features.dimensions();
  const int few = std::min(all, 1 + features.extras() + config.features.few_labels_dimensions);
  const auto found = statistics.tiers().find(tier.name);
  const TierStatistics empty(all, statistics.half_life(), config.drift.keep);
  const TierStatistics& own = found == statistics.tiers().end() ? empty : found->second;

  TierModelOptions options;
  options.quality_dimensions = own.quality.n() < config.features.few_labels ? few : all;
  options.outcome_dimensions = own.output_tokens.n() < config.features.few_labels ? few : all;
  options.ridge = config.policy.ridge;
  options.prior = tier.prior;
  options.sender_weights = statistics.trust().weights();
  options.max_share = config.trust.max_share;
  options.cost_ratio = statistics.drift().CostRatio(tier.name);
  if (const Release* release = statistics.release().get()) {
    const auto fit = release->tiers.find(tier.name);
    if (fit != release->tiers.end()) options.calibration = fit->second.calibration;
  }
  const RidgePrior ridge{.precision = options.ridge}, tokens_ridge{.precision = options.tokens_ridge},
      latency_ridge{.precision = options.latency_ridge};
  const auto from_others = [&](auto target, const RidgePrior& prior, Centre centre) {
    return FromOtherTiers(config, statistics, tier.name, target, prior, centre);
  };
  options.quality_from_others = from_others(&TierStatistics::quality, ridge, Centre::kMean);
  if (options.quality_from_others) options.pseudo_observations = config.policy.new_tier_weight;
  // One tier that thinks at length would make a mean of tokens too dear for all the others.
  options.output_tokens_from_others = from_others(&TierStatistics::output_tokens, tokens_ridge, Centre::kMedian);
  options.latency_from_others = from_others(&TierStatistics::latency, latency_ridge, Centre::kMean);
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

// How often a tier is tried whose quality dropped, so that it is found again when it recovers; and one whose quality
// rose, until enough is known of it.
constexpr double kProbeDropped = 0.01, kProbeRisen = 0.05;

double ProbeOf(const Config& config, const Statistics& statistics, const std::string& tier) {
  const auto found = statistics.drift().tiers().find(tier);
  if (found == statistics.drift().tiers().end() || found->second.alarms.empty()) return 0;
  if (found->second.alarms.back().shift == Shift::kDrop) return kProbeDropped;
  const auto known = statistics.tiers().find(tier);
  return known == statistics.tiers().end() || known->second.quality.n() < config.policy.burn_in ? kProbeRisen : 0;
}

TierDriftView DriftOf(const Statistics& statistics, const std::string& tier) {
  const auto found = statistics.drift().tiers().find(tier);
  if (found == statistics.drift().tiers().end()) return {};
  const std::vector<DriftAlarm>& alarms = found->second.alarms;
  return {.cost_ratio = statistics.drift().CostRatio(tier),
          .alarms = std::ssize(alarms),
          .last_alarm_us = alarms.empty() ? 0 : alarms.back().time_us};
}

std::vector<SenderStatus> DepartingSenders(const TrustFold& trust) {
  std::vector<SenderStatus> departing;
  for (const auto& [name, tier] : trust.tiers()) {
    for (const auto& [number, sender] : tier.senders) {
      if (sender.alarm_seq == 0) continue;
      departing.push_back({.sender = trust.NameOf(number),
                           .tier = name,
                           .departure = sender.departure,
                           .share = tier.near_n > 0 ? sender.near_n / tier.near_n : 0,
                           .weight = trust.weights()[static_cast<size_t>(number)]});
    }
  }
  std::sort(departing.begin(), departing.end(), [](const SenderStatus& a, const SenderStatus& b) {
    return std::abs(a.departure) > std::abs(b.departure);
  });
  return departing;
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
  if (statistics.release() != nullptr) snapshot->release = statistics.release()->number;
  snapshot->models.reserve(config->tiers.size());
  for (const Tier& tier : config->tiers) {
    snapshot->models.push_back(FitTier(*config, statistics, tier));
    SetResiduals(*limits.fold, tier.name, snapshot->models.back());
    snapshot->drift.push_back(DriftOf(statistics, tier.name));
  }
  for (const auto& [name, tier] : statistics.tiers()) snapshot->observations += tier.quality.n();
  snapshot->senders = DepartingSenders(statistics.trust());
  LimitSolution solution = SolveLimits(*config, snapshot->models, limits);
  snapshot->limits = std::move(solution.in_force);
  snapshot->multipliers = std::move(solution.multipliers);
  for (const Tier& tier : config->tiers) snapshot->limits.probes.push_back(ProbeOf(*config, statistics, tier.name));
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
  // An engine's two publishers are numbered one after the other, so they do not drive each other out.
  thread_local std::array<Cache, 2> caches;
  Cache& cache = caches[instance_ % 2];
  if (cache.instance != instance_ || cache.version != version_.load(std::memory_order_acquire)) {
    absl::MutexLock lock(&mutex_);
    cache.snapshot = snapshot_;
    cache.version = version_.load(std::memory_order_relaxed);
    cache.instance = instance_;
  }
  return cache.snapshot;
}

}  // namespace suffice
