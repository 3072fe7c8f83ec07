// A refit is a function of what it may see: the log up to an end, without what is held out, and evaluations.
#include "refit/refit.h"

#include <fmt/format.h>

#include <cmath>

#include "base/hash.h"
#include "base/ids.h"
#include "catch.h"
#include "features/sketch.h"
#include "learner/learner.h"
#include "refit/calibration.h"
#include "refit/out_of_fold.h"

namespace suffice {
namespace {

constexpr uint64_t kSalt = 7;

Config TwoTiers() {
  Config config;
  config.tiers.push_back({.name = "small", .price = {.input_usd_per_mtok = 1, .output_usd_per_mtok = 2}});
  config.tiers.push_back({.name = "large", .price = {.input_usd_per_mtok = 10, .output_usd_per_mtok = 20}});
  config.features.dimensions = 8;
  config.features.fit_after_prompts = 0;
  return config;
}

uint64_t HashOf(int i) { return Hash64(fmt::format("{}", i)); }
bool IsHard(int i) { return HashOf(i) % 2 == 0; }

std::string PromptNumber(int i) {
  static const char* const kEasy[] = {"translate", "greet", "list", "name"};
  static const char* const kHard[] = {"prove", "integral", "theorem", "derive"};
  std::string text;
  for (int k = 0; k < 6; ++k) text += std::string((IsHard(i) ? kHard : kEasy)[HashOf(31 * i + k) % 4]) + " ";
  return text + std::to_string(i % 10);
}

std::string SketchOf(int i) {
  Sketch sketch;
  SketchText(PromptNumber(i), kSalt, sketch);
  return sketch.Encode();
}

// The small tier answers easy prompts alone.
double RewardOf(int i, const std::string& tier) { return tier == "large" ? 0.9 : IsHard(i) ? 0.2 : 0.8; }

struct World {
  Config config = TwoTiers();
  std::unique_ptr<EventLog> log = NewMemoryLog(kSalt);
  DecisionIdGenerator ids{5};
  int64_t decisions = 0;

  // `reward_held_out`: of decisions that a refit with this holdout does not see.
  explicit World(int n, double holdout = 0, double reward_held_out = -1) {
    REQUIRE(log->SaveConfig(config.Hash(), ConfigToYaml(config)).ok());
    for (int i = 0; i < n; ++i) Add(i, holdout, reward_held_out);
  }

  void Add(int i, double holdout = 0, double reward_held_out = -1) {
    DecisionRecord decision;
    decision.id = ids.Next(1'000'000LL * i);
    decision.time_us = 1'000'000LL * i;
    decision.tier = decision.policy_tier = i % 3 == 0 ? "large" : "small";
    decision.config_hash = config.Hash();
    decision.input_tokens_estimate = 10;
    decision.sketch = SketchOf(i);
    const DecisionId id = decision.id;
    const std::string tier = decision.tier;
    REQUIRE(log->AppendDecision(std::move(decision)).ok());
    ++decisions;
    const bool held_out = holdout > 0 && IsHeldOut(id.ToString(), holdout, 3);
    OutcomeRecord outcome;
    outcome.outcome = {.decision_id = id, .input_tokens = 10, .output_tokens = 50 + i % 5, .latency_ms = 400.0 + i % 9};
    FeedbackRecord feedback;
    feedback.feedback = {.feedback_id = id.ToString(),
                         .decision_id = id,
                         .reward = held_out && reward_held_out >= 0 ? reward_held_out : RewardOf(i, tier)};
    log->AppendOutcome(outcome, nullptr);
    log->AppendFeedback(feedback, nullptr);
  }

  RefitOptions Options() {
    const auto tail = log->ReadTail({}, 1 << 30);
    REQUIRE(tail.ok());
    return {.end = tail->end, .decision_seq = decisions, .threads = 1};
  }

  Refitted Fit(const RefitOptions& options, const std::vector<Evaluation>& evaluations = {}) {
    auto fitted = Refit(*log, config, evaluations, options);
    INFO(fitted.status().ToString());
    REQUIRE(fitted.ok());
    return *std::move(fitted);
  }

  double Quality(const Refitted& fitted, size_t tier, int prompt) {
    Learner learner(log.get(), std::make_shared<const Config>(config), std::make_shared<const Release>(fitted.release));
    std::vector<float> x(static_cast<size_t>(fitted.release.features->dimensions()));
    fitted.release.features->Compute(*Sketch::Decode(SketchOf(prompt)), x);
    return learner.NextSnapshot()->models[tier].Predict(x, 10, 0, {}).quality;
  }
};

int FirstThat(bool hard) {
  int i = 100000;
  while (IsHard(i) != hard) ++i;
  return i;
}

}  // namespace

TEST_CASE("a refit learns from the log which prompts need the large tier") {
  World world(1200);
  const Refitted fitted = world.Fit(world.Options());
  CHECK(fitted.release.features->kind() == "svd");
  CHECK(fitted.report.decisions == 1200);
  CHECK(world.Quality(fitted, 0, FirstThat(false)) > 0.65);
  CHECK(world.Quality(fitted, 0, FirstThat(true)) < 0.35);
  CHECK(world.Quality(fitted, 1, FirstThat(true)) == Approx(0.9).margin(0.05));
  for (const RefitReport::Tier& tier : fitted.report.tiers) CHECK(tier.calibration_error < 0.05);
}

TEST_CASE("a refit is the same bytes each time, whatever came after its end") {
  World world(600);
  const RefitOptions options = world.Options();
  const std::string bytes = EncodeFit(world.Fit(options).release);
  CHECK(EncodeFit(world.Fit(options).release) == bytes);
  for (int i = 600; i < 700; ++i) world.Add(i);
  CHECK(EncodeFit(world.Fit(options).release) == bytes);
}

TEST_CASE("what is held out has no influence") {
  constexpr double kHoldout = 0.4;
  World honest(600, kHoldout), other(600, kHoldout, /*reward_held_out=*/0.0);
  RefitOptions options = honest.Options();
  options.holdout = kHoldout;
  options.holdout_seed = 3;
  const Refitted a = honest.Fit(options), b = other.Fit(options);
  CHECK(EncodeFit(a.release) == EncodeFit(b.release));
  CHECK(a.report.decisions == Approx(360).margin(60));
  options.holdout = 0;
  CHECK(EncodeFit(honest.Fit(options).release) != EncodeFit(other.Fit(options).release));
}

TEST_CASE("evaluations teach every tier that answered") {
  World world(300);
  std::vector<Evaluation> evaluations;
  for (int i = 2000; i < 2600; ++i) {
    Evaluation evaluation{.id = fmt::format("e{}", i), .sketch = SketchOf(i), .input_tokens_estimate = 10};
    for (const char* tier : {"small", "large"}) {
      evaluation.answers[tier] = {
          .reward = 0.5, .cost_usd = 1e-4, .input_tokens = 10, .output_tokens = 50, .latency_ms = 300};
    }
    evaluations.push_back(evaluation);
  }
  const Refitted without = world.Fit(world.Options()), with = world.Fit(world.Options(), evaluations);
  CHECK(with.report.evaluations == 600);
  CHECK(world.Quality(with, 1, FirstThat(true)) < world.Quality(without, 1, FirstThat(true)) - 0.2);
  CHECK(with.release.tiers.at("large").labels == Approx(without.release.tiers.at("large").labels + 600));
}

TEST_CASE("the prior statistics count as no more than their effective size") {
  World world(600);
  RefitOptions options = world.Options();
  options.effective_size = 50;
  const Refitted fitted = world.Fit(options);
  for (const auto& [name, tier] : fitted.release.tiers) {
    CHECK(tier.quality.n() == Approx(50));
    CHECK(tier.output_tokens.n() == Approx(50));
    CHECK(tier.labels > 150);
  }
}

TEST_CASE("a log without rewards is refused in plain words") {
  World world(0);
  const auto fitted = Refit(*world.log, world.config, {}, {});
  CHECK(fitted.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(fitted.status().message().find("needs rewards") != std::string_view::npos);
}

TEST_CASE("calibration finds a known distortion, and leaves few rows alone") {
  std::vector<OutOfFoldPrediction> predictions;
  for (int i = 0; i < 20000; ++i) {
    const double q = UnitInterval(Hash64(std::to_string(i)));
    const double noise = UnitInterval(Hash64(std::to_string(i), 1)) - 0.5;
    predictions.push_back({.id = std::to_string(i),
                           .quality = q,
                           .reward = 0.1 + 0.5 * q + 0.2 * noise,
                           .tokens = 100,
                           .seen_tokens = 150,
                           .latency_log_residual = 0.3 + noise});
  }
  const TierCalibration calibration = Calibrate(predictions);
  CHECK(calibration.quality_slope == Approx(0.5).margin(0.02));
  CHECK(calibration.quality_offset == Approx(0.1).margin(0.01));
  CHECK(calibration.cost_scale == Approx(1.5).margin(0.01));
  CHECK(calibration.latency_log_offset == Approx(0.3).margin(0.02));
  CHECK(CalibrationError(predictions, calibration) < 0.01);
  CHECK(CalibrationError(predictions, {}) > 0.1);
  const TierCalibration few = Calibrate(std::span(predictions).first(5));
  CHECK(few.quality_slope == Approx(1).margin(0.05));
  CHECK(Calibrate({}) == TierCalibration{});
}

}  // namespace suffice
