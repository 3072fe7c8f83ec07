#include "evaluation/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "evaluation/baselines.h"
#include "evaluation/replay_run.h"
#include "evaluation/tally.h"
#include "evaluation/two_tier_curve.h"
#include "features/feature_file.h"
#include "log/new_file.h"
#include "suffice/status.h"

namespace suffice {
namespace {

absl::Status CheckTraffic(const char* option, const Traffic& traffic, const Config& config) {
  if (traffic.rows.empty()) return InvalidField(option, "expected at least one row");
  if (traffic.tier_names.size() != config.tiers.size()) {
    return InvalidField(option, fmt::format("expected the {} tiers of the policy, got {}", config.tiers.size(),
                                            traffic.tier_names.size()));
  }
  for (size_t k = 0; k < config.tiers.size(); ++k) {
    if (traffic.tier_names[k] != config.tiers[k].name) {
      return InvalidField(option, fmt::format("expected tier {}, got {}", config.tiers[k].name, traffic.tier_names[k]));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDb(const ReplayOptions& options) {
  if (options.db.empty()) return absl::OkStatus();
  if (options.release != nullptr) return InvalidField("db", "expected no release with it: a release belongs to a log");
  if (options.config.log.keep_probability < 1) {
    return InvalidField("log.keep_probability", "expected 1 with db: a replay keeps every row");
  }
  const absl::Status possible = NewFile::At(options.db).status();
  return possible.ok() ? possible : InvalidField("db", std::string(possible.message()));
}

absl::Status CheckOptions(const ReplayOptions& options) {
  SUFFICE_RETURN_IF_ERROR(ValidateConfig(options.config));
  if (options.config.mode != Mode::kLive)
    return InvalidField("mode", "expected live: a replay has no caller who chooses");
  SUFFICE_RETURN_IF_ERROR(CheckTraffic("traffic", options.traffic, options.config));
  if (options.warmup) SUFFICE_RETURN_IF_ERROR(CheckTraffic("warmup", *options.warmup, options.config));
  if (options.eval) {
    SUFFICE_RETURN_IF_ERROR(CheckTraffic("eval", *options.eval, options.config));
    if (options.config.tiers.size() != 2)
      return InvalidField("eval", "expected a policy of two tiers, to rank rows by the dearer's gain");
  }
  if (options.attack) SUFFICE_RETURN_IF_ERROR(CheckTraffic("attack", *options.attack, options.config));
  if (options.attack_prefixes < 0) return InvalidField("attack-prefixes", "expected 0 or more");
  if (options.seeds < 1) return InvalidField("seeds", "expected 1 or more");
  if (options.window < 0) return InvalidField("window", "expected 0 or more decisions");
  SUFFICE_RETURN_IF_ERROR(CheckReplayEvents(options.events, options.config, DecisionsOf(options)));
  if (options.threads < 1) return InvalidField("threads", "expected 1 or more");
  if (options.refresh_every < 1) return InvalidField("refresh-every", "expected 1 or more decisions");
  if (options.feedback_delay < 0) return InvalidField("feedback-delay", "expected 0 or more decisions");
  if (options.days < 1) return InvalidField("days", "expected 1 or more");
  if (options.days > 1 && options.arrivals_us.empty()) return InvalidField("days", "expected arrivals with it");
  if (!(options.feedback_rate >= 0 && options.feedback_rate <= 1))
    return InvalidField("feedback-rate", "expected a number in [0, 1]");
  return CheckDb(options);
}

// What the first decision is made with: the configured file, else a projection of the warm-up text where there is
// enough of it, else counted properties.
absl::StatusOr<FeatureSetPtr> StartingFeatures(const ReplayOptions& options) {
  const FeatureConfig& config = options.config.features;
  if (options.release != nullptr) return options.release->features;
  if (!config.file.empty()) return LoadFeatureFile(config.file, config);
  if (!options.warmup || config.fit_after_prompts == 0 || std::ssize(options.warmup->rows) < kMinPromptsToFit) {
    return MakeCountedFeatures(config);
  }
  SvdFitter fitter(config, {.dimensions = config.dimensions, .threads = options.threads, .salt = kReplaySalt});
  Sketch sketch;
  for (const TrafficRow& row : options.warmup->rows) {
    SketchText(row.prompt, kReplaySalt, sketch);
    fitter.Add(sketch);
  }
  return fitter.Fit();
}

// Runs every seed on a few threads; results by seed. The first error wins.
absl::StatusOr<std::vector<ReplayResult>> RunSeeds(const ReplayOptions& options, const FeatureSetPtr& features) {
  std::vector<std::optional<absl::StatusOr<ReplayResult>>> results(options.seeds);
  const double total_steps = static_cast<double>(options.seeds) * static_cast<double>(DecisionsOf(options));
  std::atomic<int> next{0};
  absl::Mutex progress_mutex;
  int64_t steps = 0;
  const auto on_step = [&] {
    if (!options.progress) return;
    absl::MutexLock lock(&progress_mutex);
    if (++steps % 64 == 0 || static_cast<double>(steps) == total_steps)
      options.progress(static_cast<double>(steps) / total_steps);
  };
  const auto work = [&] {
    for (int k; (k = next.fetch_add(1)) < options.seeds;) {
      results[k] = RunReplay(options, options.seed + static_cast<uint64_t>(k), features, on_step);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < std::min(options.threads, options.seeds); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();

  std::vector<ReplayResult> good;
  for (auto& result : results) {
    if (!result->ok()) return result->status();
    good.push_back(**std::move(result));
  }
  return good;
}

// Mean over the seeds of each ranking metric.
absl::StatusOr<TwoTierMetrics> RankingOf(const std::vector<ReplayResult>& results, const Traffic& eval,
                                         const Config& config) {
  const QualityCostTable table = MakeQualityCostTable(eval, config.tiers);
  const int dear = DearerTier(table);
  TwoTierMetrics mean{};
  for (const ReplayResult& result : results) {
    std::vector<RankedRow> rows;
    for (size_t i = 0; i < table.size(); ++i) {
      rows.push_back({result.eval_gains[i], table[i][1 - dear].quality, table[i][dear].quality});
    }
    SUFFICE_ASSIGN_OR_RETURN(const TwoTierMetrics metrics, EvaluateTwoTierRanking(rows));
    const double share = 1.0 / static_cast<double>(results.size());
    mean.apgr += share * metrics.apgr;
    mean.cpt50 += share * metrics.cpt50;
    mean.cpt80 += share * metrics.cpt80;
    mean.cpt95 += share * metrics.cpt95;
  }
  return mean;
}

}  // namespace

absl::StatusOr<ReplayReport> Replay(const ReplayOptions& options) {
  SUFFICE_RETURN_IF_ERROR(CheckOptions(options));
  SUFFICE_ASSIGN_OR_RETURN(const FeatureSetPtr features, StartingFeatures(options));
  SUFFICE_ASSIGN_OR_RETURN(std::vector<ReplayResult> results, RunSeeds(options, features));

  std::optional<TwoTierMetrics> ranking;
  if (options.eval) {
    SUFFICE_ASSIGN_OR_RETURN(ranking, RankingOf(results, *options.eval, options.config));
  }
  for (const ReplayResult& result : results) {
    if (!result.pass.steps.empty()) continue;
    return absl::FailedPreconditionError("limits.cost.budgets: every decision was refused, nothing was served");
  }
  std::vector<ReplayPass> passes;
  std::vector<std::vector<AttackResult>> attacks;
  for (ReplayResult& result : results) {
    passes.push_back(std::move(result.pass));
    attacks.push_back(std::move(result.attacks));
  }
  ReplayReport report = Tally(options.config, options.traffic, passes, options.window);
  report.eval = ranking;
  if (options.attack) report.attacks = MeanOf(attacks);
  return report;
}

}  // namespace suffice
