// Follows the event log: folds what is new into the statistics, and makes snapshots of them. The same code serves a
// running server, a restart, a rebuild and a replay. Thread contract: confined to one thread (the log it reads is
// thread-safe).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/config_book.h"
#include "learner/limit_fold.h"
#include "learner/snapshot.h"
#include "learner/statistics.h"
#include "limits/paced_budget.h"
#include "log/event_log.h"

namespace suffice {

class Learner {
 public:
  // Starts from nothing. `log` outlives the learner.
  Learner(EventLog* log, std::shared_ptr<const Config> config, FeatureSetPtr features);
  // Starts from a release: what came to the log after its cursor remains to be read. `config` has its overrides.
  // REQUIRES: release->features.
  Learner(EventLog* log, std::shared_ptr<const Config> config, std::shared_ptr<const Release> release);

  // Starts on the release in force, from the log's newest kept state where it fits that and the configuration, else as
  // Begin does; then the tail remains to be read by CatchUp. `config` is the operator's: see config() for the one
  // with the release's keys.
  static absl::StatusOr<Learner> Resume(EventLog* log, std::shared_ptr<const Config> config);
  // The same on a given release (0: none), from its base where the log has one that fits, else from its beginning: without
  // what decisions taught that are deleted.
  static absl::StatusOr<Learner> Begin(EventLog* log, std::shared_ptr<const Config> config, int64_t release);

  // Folds up to `limit` new outcomes and feedbacks, none behind `end`. Returns whether there may be more.
  absl::StatusOr<bool> CatchUp(int64_t limit = 4096, LogCursor end = kEverything);
  // Until nothing is left up to `end`. While one page of the log is folded, another thread reads the next.
  absl::Status CatchUpFully(LogCursor end = kEverything);

  // Whether the log has prompts enough that a fitted projection should take the place of the counted properties.
  absl::StatusOr<bool> WantsFittedFeatures() const;
  // Starts over with other features: the whole log is to be folded again.
  void ReplaceFeatures(FeatureSetPtr features);
  // Takes a new configuration. Starts over when the half-life, the drift settings or trust.alarm changed.
  void ReplaceConfig(std::shared_ptr<const Config> config);

  // Takes over the count of snapshots from another learner of the same log.
  void CountSnapshotsFrom(int64_t last_number) { last_number_ = std::max(last_number_, last_number); }
  // The next snapshot, numbered one higher than the last. `budgets`: every account of a soft budget, as of now.
  SnapshotPtr NextSnapshot(const std::vector<PacedBudget>& budgets = {});
  // A row for the log, with the statistics when `with_state`.
  SnapshotRecord RecordOf(const Snapshot& snapshot, int64_t time_us, bool with_state) const;

  // The statistics within a kept state. INVALID_ARGUMENT where they do not fit the configuration and features.
  static absl::StatusOr<Statistics> StatisticsIn(std::string_view state, FeatureSetPtr features, const Config& config,
                                                 std::shared_ptr<const Release> release = nullptr);

  const std::shared_ptr<const Config>& config() const { return config_; }
  // That it learns on; null: none.
  const std::shared_ptr<const Release>& release() const { return statistics_.release(); }
  int64_t release_number() const { return release() == nullptr ? 0 : release()->number; }
  // What `touched` gets is every decision that CatchUp reads, with the events' place before and after.
  using Observer = std::function<void(const std::vector<ObservedDecision>& touched, LogCursor before, LogCursor after)>;
  void SetObserver(Observer observer) { observer_ = std::move(observer); }

  const Statistics& statistics() const { return statistics_; }
  const LimitFold& limits() const { return limits_; }
  const LogCursor& cursor() const { return cursor_; }
  // What a fold from where it begins need not read: up to its base; or what came before the release; or nothing.
  const LogCursor& beginning() const { return beginning_; }
  // The state at `cursor` has become a base.
  void BeginAt(LogCursor cursor) { beginning_ = cursor; }
  const FeatureSetPtr& features() const { return statistics_.features(); }

  static constexpr LogCursor kEverything{INT64_MAX, INT64_MAX};

 private:
  EventLog* log_;
  std::shared_ptr<const Config> config_;
  std::string config_hash_;
  std::string EncodeState() const;
  // Takes over a kept state. Changes nothing when it does not fit.
  absl::Status Take(const SnapshotRecord& kept);
  absl::Status TakeBase();
  absl::StatusOr<bool> WarmLimits(int64_t limit);
  // Whether it moved on.
  bool FoldPage(const LogTail& tail, LogCursor end);
  void StartOver();

  PriceBook prices_;
  ConfigBook configs_;
  Statistics statistics_;
  LimitFold limits_;
  std::vector<double> multipliers_;  // of the last snapshot
  LogCursor cursor_;
  LogCursor beginning_;
  LogCursor limits_cursor_;  // before cursor_ only at the beginning of a release
  Observer observer_;
  int64_t last_number_ = 0;
};

// The features that the log's store should use now without a release: the configured file, else those of the newest
// snapshot without one, else counted properties.
absl::StatusOr<FeatureSetPtr> ChooseFeatures(EventLog& log, const Config& config);
// Fits a projection on the sketches of the log's newest `max_prompts` decisions.
absl::StatusOr<FeatureSetPtr> FitFeaturesOnLog(EventLog& log, const Config& config, int64_t max_prompts = 100000);

}  // namespace suffice
