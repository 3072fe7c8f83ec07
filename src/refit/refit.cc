#include "refit/refit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <limits>

#include "base/hash.h"
#include "base/status_macros.h"
#include "features/feature_file.h"
#include "features/frequent_features.h"
#include "learner/learner.h"
#include "learner/price_book.h"
#include "learner/project_rows.h"
#include "learner/statistics.h"
#include "policy/policy.h"
#include "refit/calibration.h"
#include "refit/out_of_fold.h"
#include "refit/threshold_fit.h"

namespace suffice {
namespace {

constexpr uint64_t kHoldoutSalt = 0x601d;
constexpr int64_t kPage = 4096;
constexpr int64_t kNewestTraffic = 5000;                // decisions that shares are measured on
constexpr size_t kFewestPairs = 50;                     // for a win curve of one's own
constexpr int64_t kFirstEvaluation = int64_t{1} << 62;  // evaluations are newer than every decision

// The newest traffic as the threshold sees it: gains by the predictions of then, and by the release's.
struct NewestGains {
  std::vector<double> then, now;
};

// Whether nothing of the decision was known before.
bool IsNew(const ObservedDecision& observed, LogCursor before) {
  return (!observed.outcome || observed.outcome->seq > before.outcome_seq) &&
         (observed.feedback.empty() || observed.feedback.front().seq > before.feedback_seq);
}

std::vector<double> WinsOf(const std::vector<double>& gains, const ThresholdConfig& threshold) {
  std::vector<double> wins;
  wins.reserve(gains.size());
  for (const double gain : gains) wins.push_back(StrongWins(threshold, gain));
  return wins;
}

const TierView* ViewOf(const DecisionRecord& decision, const std::string& tier) {
  for (const TierView& view : decision.tiers) {
    if (view.tier == tier) return &view;
  }
  return nullptr;
}

class Fit {
 public:
  Fit(EventLog& log, const Config& config, const std::vector<Evaluation>& evaluations, const RefitOptions& options)
      : log_(log), config_(config), evaluations_(evaluations), options_(options), prices_(&log) {}

  absl::StatusOr<Refitted> Run();

 private:
  bool IsLeftOut(const std::string& id) const {
    return options_.holdout > 0 && IsHeldOut(id, options_.holdout, options_.holdout_seed);
  }
  void Progress(double fraction) const {
    if (options_.progress) options_.progress(fraction);
  }
  absl::Status FitFeatures();
  absl::Status FoldLog();
  void FoldPage(LogTail tail, LogCursor after);
  void ChooseDimensions();
  absl::Status TuneThreshold();
  absl::Status NoteExploration();
  absl::Status VisitNewest(int64_t count, const std::function<void(const DecisionRecord&)>& visit);
  absl::StatusOr<NewestGains> GainsOfNewest();
  void Remember(const std::vector<ObservedDecision>& touched, LogCursor after);
  absl::Status FoldEvaluations();
  Lesson LessonOfAnswer(const std::string& tier, const Evaluation& evaluation, const Evaluation::Answer& answer) const;
  TierFit& FitOf(const std::string& tier);
  void Scale();
  void CalibrateTiers();

  EventLog& log_;
  Config config_;  // with the keys that are tuned
  const std::vector<Evaluation>& evaluations_;
  const RefitOptions& options_;
  PriceBook prices_;
  FeatureSetPtr features_;
  std::optional<Statistics> statistics_;  // of the log
  LogCursor cursor_;                      // of what is folded
  std::optional<OutOfFold> out_of_fold_;
  std::map<std::string, std::vector<OutOfFoldPrediction>> predictions_;  // by tier
  Refitted result_;
};

// An operator's own projection stays. Where there is too little to fit one on, the counted properties serve.
absl::Status Fit::FitFeatures() {
  if (!config_.features.file.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(features_, ChooseFeatures(log_, config_));
    return absl::OkStatus();
  }
  SvdFitter fitter(config_.features, {.dimensions = config_.features.dimensions,
                                      .threads = options_.threads,
                                      .salt = log_.salt(),
                                      .max_prompts = options_.max_projection_prompts});
  FrequentFitter frequent({.max_prompts = options_.max_projection_prompts});
  const auto add = [&](const std::string& bytes) {
    if (bytes.empty()) return;
    const auto sketch = Sketch::Decode(bytes);
    if (!sketch.ok()) return;
    fitter.Add(*sketch);
    frequent.Add(*sketch);
  };
  const int64_t sample = options_.max_projection_prompts;
  for (int64_t after = std::max<int64_t>(0, options_.decision_seq - sample); after < options_.decision_seq;) {
    const int64_t page_start = after;
    SUFFICE_RETURN_IF_ERROR(
        log_.ScanDecisions(after, std::min(kPage, options_.decision_seq - after), [&](const DecisionRecord& decision) {
          after = decision.seq;
          if (!IsLeftOut(decision.id.ToString())) add(decision.sketch);
          return true;
        }));
    if (after == page_start) break;
  }
  for (const Evaluation& evaluation : evaluations_) {
    if (!IsLeftOut(evaluation.id)) add(evaluation.sketch);
  }
  if (fitter.added() < 2 * config_.features.dimensions) {
    features_ = MakeCountedFeatures(config_.features);
    result_.report.notes.push_back(
        fmt::format("features: {} prompts are too few for a projection to {} dimensions; counted properties serve",
                    fitter.added(), config_.features.dimensions));
    return absl::OkStatus();
  }
  SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr projection, fitter.Fit([this](double fraction) { Progress(0.3 * fraction); }));
  features_ = frequent.Extend(std::move(projection), config_.features);
  return absl::OkStatus();
}

// The newest lessons of each tier, as rows for out-of-fold predictions. REQUIRES: projected rows.
void Fit::Remember(const std::vector<ObservedDecision>& touched, LogCursor after) {
  for (const ObservedDecision& observed : touched) {
    const DecisionRecord& decision = observed.decision;
    if (decision.feature_version != features_->version()) continue;
    const auto price = prices_.Find(decision.config_hash, decision.tier, decision.time_us);
    Lesson lesson = LessonOf(observed, after, price);
    if (lesson == Lesson{}) continue;
    if (lesson.reward) lesson.reward = statistics_->BelievedReward(observed, after);
    // Runs of one prompt on several tiers are decisions of their own: their sketch says that they belong together.
    const bool evaluated = decision.origin == DecisionOrigin::kEval && !decision.sketch.empty();
    out_of_fold_->Add(decision.tier, decision.seq,
                      {.id = evaluated ? fmt::format("{:016x}", Hash64(decision.sketch)) : decision.id.ToString(),
                       .x = decision.features,
                       .lesson = lesson});
  }
}

void Fit::FoldPage(LogTail tail, LogCursor after) {
  std::erase_if(tail.touched, [this](const ObservedDecision& observed) {
    return observed.decision.seq > options_.decision_seq || IsLeftOut(observed.decision.id.ToString());
  });
  ProjectRows(*features_, options_.threads, tail.touched);
  statistics_->FoldAll(tail.touched, cursor_, after, prices_);
  Remember(tail.touched, after);
  result_.report.decisions += std::count_if(tail.touched.begin(), tail.touched.end(),
                                            [this](const auto& observed) { return IsNew(observed, cursor_); });
  cursor_ = after;
}

absl::Status Fit::FoldLog() {
  statistics_.emplace(features_, config_.policy.half_life, config_.drift, config_.trust);
  const double events = std::max<double>(
      1, static_cast<double>(options_.end.outcome_seq) + static_cast<double>(options_.end.feedback_seq));
  const auto read = [this](LogCursor from) { return log_.ReadTail(from, kPage); };
  // The next page is read while this one is folded.
  SUFFICE_ASSIGN_OR_RETURN(LogTail tail, read({}));
  for (bool more = true; more;) {
    const LogCursor after{std::min(tail.end.outcome_seq, options_.end.outcome_seq),
                          std::min(tail.end.feedback_seq, options_.end.feedback_seq)};
    more = tail.more && after != cursor_ && after != options_.end;
    std::future<absl::StatusOr<LogTail>> next;
    if (more) next = std::async(std::launch::async, read, tail.end);
    FoldPage(std::move(tail), after);
    if (more) {
      SUFFICE_ASSIGN_OR_RETURN(tail, next.get());
    }
    Progress(0.3 + 0.6 * static_cast<double>(cursor_.outcome_seq + cursor_.feedback_seq) / events);
  }
  for (const auto& [name, tier] : statistics_->tiers()) {
    TierFit& fit = FitOf(name);
    fit.quality = tier.Quality(statistics_->trust().weights(), config_.trust.max_share);
    fit.output_tokens = tier.output_tokens.Discounted();
    fit.latency = tier.latency.Discounted();
    fit.input_tokens = tier.input_tokens;
    fit.input_tokens_estimate = tier.input_tokens_estimate;
    fit.labels = fit.quality.n();
  }
  return absl::OkStatus();
}

TierFit& Fit::FitOf(const std::string& tier) {
  const int d = features_->dimensions();
  return result_.release.tiers
      .try_emplace(
          tier,
          TierFit{.quality = RidgeStatistics(d), .output_tokens = RidgeStatistics(d), .latency = RidgeStatistics(d)})
      .first->second;
}

// Tokens are those that explain the dollars at the plain output price, as in LessonOf.
Lesson Fit::LessonOfAnswer(const std::string& tier, const Evaluation& evaluation,
                           const Evaluation::Answer& answer) const {
  Lesson lesson{.reward = answer.reward};
  const int index = config_.TierIndex(tier);
  const Price price = index < 0 ? Price{} : config_.tiers[static_cast<size_t>(index)].price;
  double tokens = static_cast<double>(answer.output_tokens);
  if (answer.cost_usd > 0 && price.output_usd_per_mtok > 0) {
    const double input =
        answer.input_tokens > 0 ? static_cast<double>(answer.input_tokens) : evaluation.input_tokens_estimate;
    tokens = std::max(0.0, (answer.cost_usd * 1e6 - price.input_usd_per_mtok * input) / price.output_usd_per_mtok);
  }
  if (tokens > 0) lesson.log_tokens = std::log1p(tokens);
  if (answer.latency_ms > 0) lesson.log_latency = std::log(answer.latency_ms);
  if (answer.input_tokens > 0) lesson.input_tokens = static_cast<double>(answer.input_tokens);
  return lesson;
}

// Every tier's answer teaches as a decision would, with the weight of its drawing (of mean 1).
absl::Status Fit::FoldEvaluations() {
  double weights = 0, n = 0;
  for (const Evaluation& evaluation : evaluations_) {
    if (IsLeftOut(evaluation.id)) continue;
    weights += evaluation.weight;
    ++n;
  }
  std::vector<float> x(static_cast<size_t>(features_->dimensions()));
  int64_t place = kFirstEvaluation;
  for (const Evaluation& evaluation : evaluations_) {
    if (IsLeftOut(evaluation.id)) continue;
    const auto sketch = Sketch::Decode(evaluation.sketch);
    if (!sketch.ok()) return sketch.status();
    if (static_cast<int>(sketch->extras.size()) != features_->extras()) continue;
    features_->Compute(*sketch, x);
    const double weight = evaluation.weight * n / weights;
    ++result_.report.evaluations;
    ++place;
    for (const auto& [tier, answer] : evaluation.answers) {
      const Lesson lesson = LessonOfAnswer(tier, evaluation, answer);
      TierFit& fit = FitOf(tier);
      if (lesson.reward) {
        fit.quality.Add(x, weight, *lesson.reward);
        fit.labels += weight;
      }
      if (lesson.log_tokens) fit.output_tokens.Add(x, weight, *lesson.log_tokens);
      if (lesson.log_latency) fit.latency.Add(x, weight, *lesson.log_latency);
      if (lesson.input_tokens && evaluation.input_tokens_estimate > 0) {
        fit.input_tokens += weight * *lesson.input_tokens;
        fit.input_tokens_estimate += weight * evaluation.input_tokens_estimate;
      }
      out_of_fold_->Add(tier, place, {.id = evaluation.id, .x = x, .weight = weight, .lesson = lesson});
    }
  }
  return absl::OkStatus();
}

void Fit::Scale() {
  for (auto& [name, tier] : result_.release.tiers) {
    for (RidgeStatistics* sums : {&tier.quality, &tier.output_tokens, &tier.latency}) {
      if (sums->n() <= options_.effective_size) continue;
      RidgeStatistics scaled(sums->dimensions());
      scaled.AddScaled(*sums, options_.effective_size / sums->n());
      *sums = std::move(scaled);
    }
  }
}

// Mean squared error of quality, out of fold, over all tiers.
double SquaredError(const OutOfFold& rows, const std::map<std::string, TierFit>& tiers) {
  double error = 0, weight = 0;
  for (const auto& [name, fit] : tiers) {
    for (const OutOfFoldPrediction& p : rows.Predict(name)) {
      if (!p.reward) continue;
      error += p.weight * (p.quality - *p.reward) * (p.quality - *p.reward);
      weight += p.weight;
    }
  }
  return weight > 0 ? error / weight : 0;
}

// With few labels the models use leading dimensions alone, unless all of them predict better here.
void Fit::ChooseDimensions() {
  const FeatureConfig& features = config_.features;
  const bool few = std::any_of(result_.release.tiers.begin(), result_.release.tiers.end(), [&](const auto& tier) {
    return tier.second.quality.n() > 0 && tier.second.quality.n() < features.few_labels;
  });
  if (!few || features.few_labels_dimensions >= features_->dimensions()) return;
  const double leading = SquaredError(*out_of_fold_, result_.release.tiers);
  const int few_labels = config_.features.few_labels;
  config_.features.few_labels = 0;
  const double all = SquaredError(*out_of_fold_, result_.release.tiers);
  const bool better = all < leading;
  if (!better) config_.features.few_labels = few_labels;
  if (better) result_.release.overrides.push_back("features.few_labels=0");
  result_.report.notes.push_back(
      fmt::format("features: {} dimensions for tiers with few labels: squared error out of fold {:.5f} with all of "
                  "them, {:.5f} with the leading ones",
                  better ? "all" : "only the leading", all, leading));
}

void Fit::CalibrateTiers() {
  for (auto& [name, tier] : result_.release.tiers) {
    const auto& predictions = predictions_[name] = out_of_fold_->Predict(name);
    tier.calibration = Calibrate(predictions);
    result_.report.tiers.push_back({.tier = name,
                                    .labels = tier.labels,
                                    .effective_size = tier.quality.n(),
                                    .calibration = tier.calibration,
                                    .calibration_error = CalibrationError(predictions, tier.calibration),
                                    .calibration_error_before = CalibrationError(predictions, {})});
  }
}

absl::Status Fit::VisitNewest(int64_t count, const std::function<void(const DecisionRecord&)>& visit) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t newest, log_.LastDecisionSeq());
  const int64_t last = std::min(options_.decision_seq, newest);
  for (int64_t after = std::max<int64_t>(0, last - count); after < last;) {
    const int64_t page_start = after;
    SUFFICE_RETURN_IF_ERROR(
        log_.ScanDecisions(after, std::min(kPage, last - after), [&](const DecisionRecord& decision) {
          after = decision.seq;
          if (decision.origin != DecisionOrigin::kEval && !IsLeftOut(decision.id.ToString())) visit(decision);
          return true;
        }));
    if (after == page_start) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<NewestGains> Fit::GainsOfNewest() {
  const ThresholdConfig& threshold = config_.policy.threshold;
  Statistics begun(std::make_shared<const Release>(result_.release), config_.policy.half_life, config_.drift, config_.trust);
  const auto config = std::make_shared<const Config>(config_);
  const SnapshotPtr snapshot = MakeSnapshot(1, options_.end, config, config->Hash(), begun);
  const TierModel& strong = snapshot->models[static_cast<size_t>(config->TierIndex(threshold.strong))];
  const TierModel& weak = snapshot->models[static_cast<size_t>(config->TierIndex(threshold.weak))];
  NewestGains gains;
  SUFFICE_RETURN_IF_ERROR(VisitNewest(kNewestTraffic, [&](const DecisionRecord& decision) {
    const std::span<const float> x = begun.Project(decision);
    const TierView *s = ViewOf(decision, threshold.strong), *w = ViewOf(decision, threshold.weak);
    if (x.empty() || s == nullptr || w == nullptr) return;
    gains.then.push_back(s->quality - w->quality);
    gains.now.push_back(strong.PredictMeans(x, 1, 0, {}).quality - weak.PredictMeans(x, 1, 0, {}).quality);
  }));
  return gains;
}

// Intercept and slope from prompts that both tiers answered; alpha for a share of strong calls.
absl::Status Fit::TuneThreshold() {
  const ThresholdConfig& before = config_.policy.threshold;
  ThresholdConfig after = before;
  auto& notes = result_.report.notes;
  const auto pairs = PairUp(predictions_[before.strong], FitOf(before.strong).calibration, predictions_[before.weak],
                            FitOf(before.weak).calibration);
  if (pairs.size() >= kFewestPairs) {
    const WinCurve curve = FitWinCurve(pairs, {before.intercept, before.slope});
    after.intercept = curve.intercept;
    after.slope = curve.slope;
    notes.push_back(
        fmt::format("policy.threshold: intercept {:.4f} and slope {:.4f}, by logistic regression on {} "
                    "prompts that both tiers answered",
                    after.intercept, after.slope, pairs.size()));
  } else {
    notes.push_back(
        fmt::format("policy.threshold: intercept and slope stay: both tiers answered only {} prompts, of "
                    "{} that are wanted",
                    pairs.size(), kFewestPairs));
  }
  SUFFICE_ASSIGN_OR_RETURN(const NewestGains gains, GainsOfNewest());
  if (gains.now.empty()) {
    notes.push_back("policy.threshold: alpha stays: there is no traffic to measure a share of strong calls on");
  } else {
    const std::optional<double> wish = options_.strong_share     ? options_.strong_share
                                       : before.strong_share > 0 ? std::optional(before.strong_share)
                                                                 : std::nullopt;
    const double share = wish ? *wish : ShareAtLeast(WinsOf(gains.then, before), before.alpha);
    const std::vector<double> wins = WinsOf(gains.now, after);
    after.alpha = AlphaForShare(wins, share);
    notes.push_back(
        fmt::format("policy.threshold: alpha {:.6g} for a strong share of {:.4f}, {}, on the newest {} "
                    "decisions",
                    after.alpha, share, wish ? "as asked for" : "as it was", wins.size()));
  }
  result_.release.overrides.push_back(fmt::format("policy.threshold.intercept={}", after.intercept));
  result_.release.overrides.push_back(fmt::format("policy.threshold.slope={}", after.slope));
  result_.release.overrides.push_back(fmt::format("policy.threshold.alpha={}", after.alpha));
  return absl::OkStatus();
}

// What exploration cost on the newest traffic, by its own rows.
absl::Status Fit::NoteExploration() {
  double lost = 0;
  std::vector<double> least;
  SUFFICE_RETURN_IF_ERROR(VisitNewest(kNewestTraffic, [&](const DecisionRecord& decision) {
    if (decision.origin != DecisionOrigin::kLive) return;
    double best = -std::numeric_limits<double>::infinity(), mean = 0, smallest = 1;
    for (const TierView& view : decision.tiers) {
      if (view.exclusion != ExclusionReason::kNone) continue;
      best = std::max(best, view.score);
      mean += view.propensity * view.score;
      smallest = std::min(smallest, view.propensity);
    }
    if (!std::isfinite(best)) return;
    lost += best - mean;
    least.push_back(smallest);
  }));
  if (least.empty()) return absl::OkStatus();
  std::nth_element(least.begin(), least.begin() + std::ssize(least) / 2, least.end());
  result_.report.notes.push_back(
      fmt::format("exploration: stays as configured; on the newest {} decisions it gave up {:.5f} of the score on "
                  "average, as predicted then, and the least propensity of a tier that might serve was {:.2g} in the "
                  "median",
                  least.size(), lost / static_cast<double>(least.size()), least[least.size() / 2]));
  return absl::OkStatus();
}

absl::StatusOr<Refitted> Fit::Run() {
  const auto start = std::chrono::steady_clock::now();
  SUFFICE_RETURN_IF_ERROR(FitFeatures());
  result_.release.features = features_;
  result_.release.cursor = options_.end;
  result_.release.decision_seq = options_.decision_seq;
  out_of_fold_.emplace(features_, config_);
  SUFFICE_RETURN_IF_ERROR(FoldLog());
  SUFFICE_RETURN_IF_ERROR(FoldEvaluations());
  double labels = 0;
  for (const auto& [name, tier] : result_.release.tiers) labels += tier.labels;
  if (labels < 1) {
    return absl::FailedPreconditionError(fmt::format("a refit needs rewards: {} decisions and {} evaluations have none",
                                                     result_.report.decisions, result_.report.evaluations));
  }
  Scale();
  ChooseDimensions();
  CalibrateTiers();
  SUFFICE_RETURN_IF_ERROR(config_.policy.kind == PolicyKind::kThreshold ? TuneThreshold() : NoteExploration());
  result_.report.notes.push_back("limits: multipliers are solved anew by the server, on its newest contexts");
  result_.report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Progress(1);
  return std::move(result_);
}

}  // namespace

bool IsHeldOut(const std::string& id, double holdout, uint64_t seed) {
  return UnitInterval(Hash64(id, seed ^ kHoldoutSalt)) < holdout;
}

absl::StatusOr<Refitted> Refit(EventLog& log, const Config& config, const std::vector<Evaluation>& evaluations,
                               const RefitOptions& options) {
  return Fit(log, config, evaluations, options).Run();
}

}  // namespace suffice
