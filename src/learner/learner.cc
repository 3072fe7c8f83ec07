#include "learner/learner.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/hash.h"
#include "base/status_macros.h"
#include "features/feature_file.h"
#include "learner/project_rows.h"
#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr int64_t kScanPage = 1024;  // rows read from the log at a time

// How much of what came before a release's cursor says how its limits stand.
constexpr int64_t kLimitEvents = 4096;

constexpr int64_t kEventsAPage = 4096;  // outcomes, and as many feedbacks

absl::StatusOr<LogTail> ReadPage(EventLog& log, const FeatureSet& features, LogCursor from, int64_t limit) {
  SUFFICE_ASSIGN_OR_RETURN(LogTail tail, log.ReadTail(from, limit));
  ProjectRows(features, /*threads=*/2, tail.touched);
  return tail;
}

// A version is the hash of a set's bytes.
absl::StatusOr<FeatureSetPtr> ReadFeatures(uint64_t version, const std::string& bytes, const Config& config) {
  if (Hash64(bytes) != version) return absl::DataLossError("its bytes are not those that were written");
  return LoadFeatureSet(bytes, config.features);
}

// The feature set that the newest snapshot without a release was made with; null when there is none. One that cannot be
// read any more is said, as the log is then folded into other features.
FeatureSetPtr FeaturesOfNewestSnapshot(EventLog& log, const Config& config, const FeatureSetPtr& counted) {
  const auto newest = log.NewestFeatureVersion(0);
  if (!newest.ok() || !newest->has_value()) return nullptr;
  if (**newest == counted->version()) return counted;
  const auto bytes = log.LoadFeatureSet(**newest);
  auto features = bytes.ok() ? ReadFeatures(**newest, *bytes, config) : absl::StatusOr<FeatureSetPtr>(bytes.status());
  if (features.ok()) return *features;
  spdlog::warn("the fitted features {:016x} cannot be used: {}; counted properties take their place", **newest,
               std::string(features.status().message()));
  return nullptr;
}

}  // namespace

Learner::Learner(EventLog* log, std::shared_ptr<const Config> config, FeatureSetPtr features)
    : log_(log),
      config_(std::move(config)),
      config_hash_(config_->Hash()),
      prices_(log),
      configs_(log),
      statistics_(std::move(features), config_->policy.half_life, config_->drift, config_->trust) {}

Learner::Learner(EventLog* log, std::shared_ptr<const Config> config, std::shared_ptr<const Release> release)
    : log_(log),
      config_(std::move(config)),
      config_hash_(config_->Hash()),
      prices_(log),
      configs_(log),
      statistics_(std::move(release), config_->policy.half_life, config_->drift, config_->trust) {
  StartOver();
}

absl::StatusOr<Learner> Learner::Begin(EventLog* log, std::shared_ptr<const Config> config, int64_t number) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last_number, log->NewestSnapshotNumber());
  if (number == 0) {
    SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr features, ChooseFeatures(*log, *config));
    Learner learner(log, std::move(config), std::move(features));
    learner.last_number_ = last_number;
    SUFFICE_RETURN_IF_ERROR(learner.TakeBase());
    return learner;
  }
  SUFFICE_ASSIGN_OR_RETURN(const std::shared_ptr<const Release> release, LoadRelease(*log, number, config->features));
  SUFFICE_ASSIGN_OR_RETURN(Config with_overrides, WithOverrides(*config, *release));
  Learner learner(log, std::make_shared<const Config>(std::move(with_overrides)), release);
  learner.last_number_ = last_number;
  SUFFICE_RETURN_IF_ERROR(learner.TakeBase());
  return learner;
}

absl::Status Learner::TakeBase() {
  const auto base = log_->BaseOf(release_number());
  if (!base.ok() && !absl::IsDataLoss(base.status())) return base.status();
  if (base.ok() && !*base) return absl::OkStatus();
  const absl::Status taken = base.ok() ? Take(**base) : base.status();
  if (taken.ok()) {
    beginning_ = (*base)->cursor;
  } else {
    spdlog::warn("the base cannot be used ({}): what deleted decisions taught is lost", taken.ToString());
  }
  return absl::OkStatus();
}

absl::Status Learner::Take(const SnapshotRecord& kept) {
  SUFFICE_ASSIGN_OR_RETURN(Statistics statistics, StatisticsIn(kept.state, features(), *config_, release()));
  std::string_view bytes = kept.state;
  const auto length = ReadValue<uint64_t>(bytes);
  SUFFICE_ASSIGN_OR_RETURN(limits_, LimitFold::Deserialize(bytes.substr(*length)));
  statistics_ = std::move(statistics);
  cursor_ = limits_cursor_ = kept.cursor;
  return absl::OkStatus();
}

absl::StatusOr<Learner> Learner::Resume(EventLog* log, std::shared_ptr<const Config> config) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t release, ReleaseInForce(*log));
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, Begin(log, std::move(config), release));
  SUFFICE_ASSIGN_OR_RETURN(std::optional<SnapshotRecord> newest, log->NewestSnapshotWithState());
  if (!newest || newest->release != release || newest->feature_version != learner.features()->version()) return learner;
  if (const absl::Status status = learner.Take(*newest); !status.ok()) {
    spdlog::warn("snapshot {} cannot be used ({}); folding the whole log", newest->number, status.ToString());
  }
  return learner;
}

void Learner::StartOver() {
  limits_ = {};
  cursor_ = limits_cursor_ = beginning_ = {};
  if (release() == nullptr) return;
  cursor_ = beginning_ = release()->cursor;
  limits_cursor_ = {std::max<int64_t>(0, cursor_.outcome_seq - kLimitEvents),
                    std::max<int64_t>(0, cursor_.feedback_seq - kLimitEvents)};
}

// The length of the statistics, the statistics, the limits' fold.
std::string Learner::EncodeState() const {
  // In one buffer: the statistics can be tens of megabytes.
  std::string bytes = statistics_.Serialize();
  std::string length;
  AppendValue(length, static_cast<uint64_t>(bytes.size()));
  bytes += limits_.Serialize();
  bytes.insert(0, length);
  return bytes;
}

absl::StatusOr<Statistics> Learner::StatisticsIn(std::string_view state, FeatureSetPtr features, const Config& config,
                                                 std::shared_ptr<const Release> release) {
  const auto length = ReadValue<uint64_t>(state);
  if (!length || *length > state.size()) return absl::InvalidArgumentError("kept state: cut short");
  return Statistics::Deserialize(state.substr(0, *length), std::move(features), config.policy.half_life, config.drift,
                                 config.trust, std::move(release));
}

// What a release was fitted on is behind its statistics, but not behind the state of the limits, which is recent anyway.
absl::StatusOr<bool> Learner::WarmLimits(int64_t limit) {
  SUFFICE_ASSIGN_OR_RETURN(const LogTail tail, log_->ReadTail(limits_cursor_, limit));
  const LogCursor after{std::min(tail.end.outcome_seq, cursor_.outcome_seq),
                        std::min(tail.end.feedback_seq, cursor_.feedback_seq)};
  limits_.Fold(tail.touched, limits_cursor_, after, statistics_, configs_);
  limits_cursor_ = after == limits_cursor_ ? cursor_ : after;
  return true;
}

bool Learner::FoldPage(const LogTail& tail, LogCursor end) {
  const LogCursor after{std::min(tail.end.outcome_seq, end.outcome_seq),
                        std::min(tail.end.feedback_seq, end.feedback_seq)};
  statistics_.FoldAll(tail.touched, cursor_, after, prices_);
  limits_.Fold(tail.touched, cursor_, after, statistics_, configs_);
  if (observer_) observer_(tail.touched, cursor_, after);
  const bool moved = after != cursor_;
  cursor_ = limits_cursor_ = after;
  return moved;
}

absl::StatusOr<bool> Learner::CatchUp(int64_t limit, LogCursor end) {
  if (limits_cursor_ != cursor_) return WarmLimits(limit);
  SUFFICE_ASSIGN_OR_RETURN(const LogTail tail, ReadPage(*log_, *features(), cursor_, limit));
  return FoldPage(tail, end) && tail.more;
}

absl::Status Learner::CatchUpFully(LogCursor end) {
  while (limits_cursor_ != cursor_) SUFFICE_RETURN_IF_ERROR(WarmLimits(kEventsAPage).status());
  const auto read = [log = log_, features = features()](LogCursor from) {
    return ReadPage(*log, *features, from, kEventsAPage);
  };
  SUFFICE_ASSIGN_OR_RETURN(LogTail tail, read(cursor_));
  while (true) {
    std::future<absl::StatusOr<LogTail>> next;
    if (tail.more) next = std::async(std::launch::async, read, tail.end);
    if (!FoldPage(tail, end) || !tail.more) return absl::OkStatus();
    SUFFICE_ASSIGN_OR_RETURN(tail, next.get());
  }
}

absl::StatusOr<bool> Learner::WantsFittedFeatures() const {
  const FeatureConfig& config = config_->features;
  if (config.fit_after_prompts == 0 || config_->log.prompts == PromptLogging::kNone) return false;
  if (features()->kind() != "counted" || release() != nullptr) return false;
  SUFFICE_ASSIGN_OR_RETURN(const int64_t decisions, log_->LastDecisionSeq());
  return decisions >= config.fit_after_prompts;
}

void Learner::ReplaceFeatures(FeatureSetPtr features) {
  statistics_ = Statistics(std::move(features), config_->policy.half_life, config_->drift, config_->trust);
  StartOver();
}

void Learner::ReplaceConfig(std::shared_ptr<const Config> config) {
  config_ = std::move(config);
  config_hash_ = config_->Hash();
  const bool same = config_->policy.half_life == statistics_.half_life() &&
                    config_->drift == statistics_.drift().config() &&
                    config_->trust.alarm == statistics_.trust().config().alarm;
  if (same) return;
  if (release() == nullptr) return ReplaceFeatures(statistics_.features());
  statistics_ = Statistics(release(), config_->policy.half_life, config_->drift, config_->trust);
  StartOver();
}

SnapshotPtr Learner::NextSnapshot(const std::vector<PacedBudget>& budgets) {
  SnapshotPtr snapshot =
      MakeSnapshot(++last_number_, cursor_, config_, config_hash_, statistics_,
                   {.fold = &limits_, .budgets = budgets, .warm_start = std::move(multipliers_)});
  multipliers_ = snapshot->multipliers;
  return snapshot;
}

SnapshotRecord Learner::RecordOf(const Snapshot& snapshot, int64_t time_us, bool with_state) const {
  return {.number = snapshot.number,
          .time_us = time_us,
          .cursor = snapshot.cursor,
          .feature_version = snapshot.features->version(),
          .config_hash = snapshot.config_hash,
          .release = snapshot.release,
          .state = with_state ? EncodeState() : std::string()};
}

absl::StatusOr<FeatureSetPtr> ChooseFeatures(EventLog& log, const Config& config) {
  if (!config.features.file.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr features, LoadFeatureFile(config.features.file, config.features));
    if (const auto salt = SaltOf(*features); salt && *salt != log.salt()) {
      return absl::FailedPreconditionError(fmt::format(
          "features.file: {} was fitted with another salt than this store's; fit it with `suffice fit-features "
          "--db` on this store, or start a new one",
          config.features.file));
    }
    return features;
  }
  const FeatureSetPtr counted = MakeCountedFeatures(config.features);
  const FeatureSetPtr kept = FeaturesOfNewestSnapshot(log, config, counted);
  return kept != nullptr ? kept : counted;
}

absl::StatusOr<FeatureSetPtr> FitFeaturesOnLog(EventLog& log, const Config& config, int64_t max_prompts) {
  SvdFitter fitter(config.features,
                   {.dimensions = config.features.dimensions, .salt = log.salt(), .max_prompts = max_prompts});
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log.LastDecisionSeq());
  for (int64_t after = std::max<int64_t>(0, last - max_prompts); after < last;) {
    const int64_t page_start = after;
    SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(after, kScanPage, [&](const DecisionRecord& decision) {
      after = decision.seq;
      if (!decision.sketch.empty()) {
        if (const auto sketch = Sketch::Decode(decision.sketch); sketch.ok()) fitter.Add(*sketch);
      }
      return true;
    }));
    if (after == page_start) break;
  }
  return fitter.Fit();
}

}  // namespace suffice
