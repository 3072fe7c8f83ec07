#include "refit/refit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/hash.h"
#include "base/status_macros.h"
#include "features/feature_file.h"
#include "learner/learner.h"
#include "learner/price_book.h"
#include "learner/statistics.h"
#include "refit/calibration.h"
#include "refit/out_of_fold.h"

namespace suffice {
namespace {

constexpr uint64_t kHoldoutSalt = 0x601d;
constexpr int64_t kPage = 4096;
constexpr int64_t kFirstEvaluation = int64_t{1} << 62;  // evaluations are newer than every decision

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
  void Remember(const std::vector<ObservedDecision>& touched, LogCursor after);
  absl::Status FoldEvaluations();
  Lesson LessonOfAnswer(const std::string& tier, const Evaluation& evaluation, const Evaluation::Answer& answer) const;
  TierFit& FitOf(const std::string& tier);
  void Scale();
  void CalibrateTiers();

  EventLog& log_;
  const Config& config_;
  const std::vector<Evaluation>& evaluations_;
  const RefitOptions& options_;
  PriceBook prices_;
  FeatureSetPtr features_;
  std::optional<OutOfFold> out_of_fold_;
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
  const int64_t sample = options_.max_projection_prompts;
  for (int64_t after = std::max<int64_t>(0, options_.decision_seq - sample); after < options_.decision_seq;) {
    const int64_t page_start = after;
    SUFFICE_RETURN_IF_ERROR(
        log_.ScanDecisions(after, std::min(kPage, options_.decision_seq - after), [&](const DecisionRecord& decision) {
          after = decision.seq;
          if (decision.sketch.empty()) return true;
          if (const auto sketch = Sketch::Decode(decision.sketch); sketch.ok()) fitter.Add(*sketch);
          return true;
        }));
    if (after == page_start) break;
  }
  for (const Evaluation& evaluation : evaluations_) {
    if (const auto sketch = Sketch::Decode(evaluation.sketch); sketch.ok()) fitter.Add(*sketch);
  }
  if (fitter.added() < 2 * config_.features.dimensions) {
    features_ = MakeCountedFeatures(config_.features);
    result_.report.notes.push_back(
        fmt::format("features: {} prompts are too few for a projection to {} dimensions; counted properties serve",
                    fitter.added(), config_.features.dimensions));
    return absl::OkStatus();
  }
  SUFFICE_ASSIGN_OR_RETURN(features_, fitter.Fit([this](double fraction) { Progress(0.3 * fraction); }));
  return absl::OkStatus();
}

// The newest lessons of each tier, as rows for out-of-fold predictions.
void Fit::Remember(const std::vector<ObservedDecision>& touched, LogCursor after) {
  Statistics projector(features_, 0);
  for (const ObservedDecision& observed : touched) {
    const DecisionRecord& decision = observed.decision;
    const auto price = prices_.Find(decision.config_hash, decision.tier, decision.time_us);
    const Lesson lesson = LessonOf(observed, after, price);
    if (lesson == Lesson{}) continue;
    const std::span<const float> x = projector.Project(decision);
    if (x.empty()) continue;
    out_of_fold_->Add(decision.tier, decision.seq,
                      {.id = decision.id.ToString(), .x = {x.begin(), x.end()}, .lesson = lesson});
  }
}

absl::Status Fit::FoldLog() {
  Statistics statistics(features_, config_.policy.half_life, config_.drift);
  LogCursor cursor;
  const double events = std::max<double>(1, static_cast<double>(options_.end.outcome_seq + options_.end.feedback_seq));
  for (bool more = true; more;) {
    SUFFICE_ASSIGN_OR_RETURN(LogTail tail, log_.ReadTail(cursor, kPage));
    const LogCursor after{std::min(tail.end.outcome_seq, options_.end.outcome_seq),
                          std::min(tail.end.feedback_seq, options_.end.feedback_seq)};
    more = after != cursor && after != options_.end;
    std::erase_if(tail.touched, [this](const ObservedDecision& observed) {
      return observed.decision.seq > options_.decision_seq || IsLeftOut(observed.decision.id.ToString());
    });
    statistics.FoldAll(tail.touched, cursor, after, prices_);
    Remember(tail.touched, after);
    result_.report.decisions += std::ssize(tail.touched);
    cursor = after;
    Progress(0.3 + 0.6 * static_cast<double>(cursor.outcome_seq + cursor.feedback_seq) / events);
  }
  for (const auto& [name, tier] : statistics.tiers()) {
    TierFit& fit = FitOf(name);
    fit.quality = tier.quality.Discounted();
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

void Fit::CalibrateTiers() {
  for (auto& [name, tier] : result_.release.tiers) {
    const std::vector<OutOfFoldPrediction> predictions = out_of_fold_->Predict(name);
    tier.calibration = Calibrate(predictions);
    result_.report.tiers.push_back({.tier = name,
                                    .labels = tier.labels,
                                    .effective_size = tier.quality.n(),
                                    .calibration = tier.calibration,
                                    .calibration_error = CalibrationError(predictions, tier.calibration),
                                    .calibration_error_before = CalibrationError(predictions, {})});
  }
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
  CalibrateTiers();
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
