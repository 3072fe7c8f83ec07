#include "stats/prediction_powered.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "catch.h"
#include "stats/student.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr double kTruth = 0.7;

// Labels about 0.7; scores that follow them with a bias of 0.1 and noise of their own.
struct Sample {
  std::vector<LabelledScore> labelled;
  std::vector<double> unlabelled;
};

Sample Draw(std::mt19937_64& random, int labels, int scores, double noise) {
  std::normal_distribution<double> own(0, 0.15), of_judge(0.1, noise);
  Sample sample;
  for (int i = 0; i < labels; ++i) {
    const double label = kTruth + own(random);
    sample.labelled.push_back({label, label + of_judge(random)});
  }
  for (int i = 0; i < scores; ++i) sample.unlabelled.push_back(kTruth + own(random) + of_judge(random));
  return sample;
}

PredictionPoweredMean Must(const Sample& sample) {
  const auto estimate = EstimatePredictionPoweredMean(sample.labelled, sample.unlabelled);
  REQUIRE(estimate.ok());
  return *estimate;
}

}  // namespace

TEST_CASE("the bias of the scores cancels, and the interval covers as often as it says, few labels or many") {
  for (const int labels : {2, 3, 5, 10, 12, 20, 200}) {
    for (const double noise : {0.02, 0.1, 1.0}) {
      std::mt19937_64 random(static_cast<uint64_t>(labels));
      constexpr int kRuns = 1500;
      double covered = 0, lambda = 0, sum = 0, errors = 0;
      for (int run = 0; run < kRuns; ++run) {
        const PredictionPoweredMean mean = Must(Draw(random, labels, 500, noise));
        covered += mean.low <= kTruth && kTruth <= mean.high;
        lambda += mean.lambda / kRuns;
        sum += mean.value / kRuns;
        errors += mean.standard_error / kRuns;
      }
      CAPTURE(labels, noise, lambda, covered / kRuns);
      CHECK(covered / kRuns > 0.93);
      CHECK(covered / kRuns < 0.975);
      CHECK(sum == Approx(kTruth).margin(4 * errors / std::sqrt(kRuns) + 0.002));
    }
  }
}

TEST_CASE("good scores are worth many labels, bad ones cost nothing") {
  std::mt19937_64 random(3);
  const double plain = 0.15 / std::sqrt(100);
  const PredictionPoweredMean good = Must(Draw(random, 100, 5000, 0.03));
  CHECK(good.lambda > 0.85);
  CHECK(good.standard_error < 0.35 * plain);
  const PredictionPoweredMean bad = Must(Draw(random, 100, 5000, 2));
  CHECK(bad.lambda < 0.1);
  CHECK(bad.standard_error < 1.25 * plain);
  // A score that runs against the labels is not used, one that never changes neither.
  Sample against = Draw(random, 100, 100, 0.03);
  for (LabelledScore& pair : against.labelled) pair.score = -pair.score;
  for (double& score : against.unlabelled) score = -score;
  CHECK(Must(against).lambda == 0);
  for (LabelledScore& pair : against.labelled) pair.score = 0.5;
  for (double& score : against.unlabelled) score = 0.5;
  CHECK(Must(against).lambda == 0);
  CHECK(Must({.labelled = against.labelled, .unlabelled = {}}).standard_error == Approx(plain).epsilon(0.3));
}

TEST_CASE("labels that are too few or not finite are refused by name") {
  CHECK(FieldOf(EstimatePredictionPoweredMean({}, {}).status()) == "labelled");
  CHECK(FieldOf(EstimatePredictionPoweredMean(std::vector<LabelledScore>{{1, 1}}, {}).status()) == "labelled");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(FieldOf(EstimatePredictionPoweredMean(std::vector<LabelledScore>{{1, 1}, {nan, 0}}, {}).status()) ==
        "labelled");
  CHECK(FieldOf(EstimatePredictionPoweredMean(std::vector<LabelledScore>{{1, 1}, {0, 0}}, std::vector{nan}).status()) ==
        "unlabelled_scores");
}

TEST_CASE("Student's quantiles are those of the tables") {
  CHECK(InverseStudentCdf(0.975, 1) == Approx(12.7062).epsilon(1e-5));
  CHECK(InverseStudentCdf(0.975, 2) == Approx(4.30265).epsilon(1e-5));
  CHECK(InverseStudentCdf(0.95, 10) == Approx(1.81246).epsilon(1e-5));
  CHECK(InverseStudentCdf(0.025, 30) == Approx(-2.04227).epsilon(1e-5));
  CHECK(InverseStudentCdf(0.975, 1e7) == Approx(1.95996).epsilon(1e-5));
  CHECK(std::isinf(InverseStudentCdf(1, 3)));
}

}  // namespace suffice
