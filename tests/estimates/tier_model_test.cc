#include "estimates/tier_model.h"

#include <cmath>
#include <random>
#include <vector>

#include "catch.h"

namespace suffice {
namespace {

constexpr int kD = 6;

TierModelOptions Options(double ridge = 300) {
  TierModelOptions options;
  options.quality_dimensions = kD;
  options.outcome_dimensions = kD;
  options.ridge = ridge;
  return options;
}

const std::vector<float> kBias{1, 0, 0, 0, 0, 0};

// One answer of a made-up tier.
struct Answer {
  std::vector<float> x;
  double quality, tokens, latency_ms;
};

Answer MakeAnswer(std::mt19937& random) {
  std::normal_distribution<double> normal;
  Answer answer{kBias, 0, 0, 0};
  for (size_t j = 1; j < kD; ++j) answer.x[j] = static_cast<float>(normal(random));
  answer.quality = 0.6 + 0.1 * answer.x[1] - 0.05 * answer.x[2] + 0.1 * normal(random);
  answer.tokens = std::expm1(5 + 0.4 * answer.x[1] + 0.3 * answer.x[3] + 0.7 * normal(random));
  answer.latency_ms = std::exp(7 + 0.2 * answer.x[2] + 0.4 * normal(random));
  return answer;
}

TierStatistics Learn(int n, std::mt19937& random) {
  TierStatistics statistics(kD, 0);
  for (int i = 0; i < n; ++i) {
    const Answer answer = MakeAnswer(random);
    statistics.quality.Add(0, 0, answer.x, 1, answer.quality);
    statistics.output_tokens.Add(0, answer.x, 1, std::log1p(answer.tokens));
    statistics.latency.Add(0, answer.x, 1, std::log(answer.latency_ms));
    statistics.input_tokens += 120;
    statistics.input_tokens_estimate += 100;
  }
  return statistics;
}

}  // namespace

TEST_CASE("without observations a tier is what its prior says") {
  TierModelOptions options = Options();
  options.prior = {.quality = 0.7, .output_tokens = 400, .latency_ms = 1500, .weight = 2};
  const TierModel model(TierStatistics(kD, 2000), options);
  const Price price{.input_usd_per_mtok = 1, .output_usd_per_mtok = 10};
  const TierPrediction prediction = model.Predict(kBias, 50, 0, price);
  CHECK(prediction.quality == Approx(0.7));
  CHECK(prediction.quality_residual == Approx(0.25));
  CHECK(prediction.quality_sigma == Approx(0.25 / std::sqrt(2.001)).epsilon(1e-5));
  CHECK(prediction.latency_ms == Approx(1500));
  CHECK(prediction.observations == 0);
  // The prior's tokens are the median; the mean of the log-normal is above it.
  CHECK(prediction.cost_usd > (50 * 1 + 400 * 10) / 1e6);
  CHECK(prediction.cost_usd < (50 * 1 + 800 * 10) / 1e6);
  CHECK(prediction.cost_low_usd < prediction.cost_usd);
  CHECK(prediction.cost_usd < prediction.cost_high_usd);
  CHECK(prediction.latency_low_ms < 1500);
  CHECK(prediction.latency_high_ms > 1500);
}

TEST_CASE("predictions find the truth, and intervals hold what they say") {
  std::mt19937 random(1);
  const TierModel model(Learn(5000, random), Options(1));
  const Price price{.input_usd_per_mtok = 0, .output_usd_per_mtok = 1e6};  // cost in tokens
  int cost_inside = 0, latency_inside = 0;
  double quality_error = 0, predicted_tokens = 0, tokens = 0;
  constexpr int kProbes = 5000;
  for (int i = 0; i < kProbes; ++i) {
    const Answer answer = MakeAnswer(random);
    const TierPrediction prediction = model.Predict(answer.x, 0, 0, price);
    quality_error += std::abs(prediction.quality - (0.6 + 0.1 * answer.x[1] - 0.05 * answer.x[2]));
    predicted_tokens += prediction.cost_usd;
    tokens += answer.tokens;
    cost_inside += prediction.cost_low_usd <= answer.tokens && answer.tokens <= prediction.cost_high_usd;
    latency_inside += prediction.latency_low_ms <= answer.latency_ms && answer.latency_ms <= prediction.latency_high_ms;
  }
  CHECK(quality_error / kProbes < 0.005);
  CHECK(predicted_tokens / tokens == Approx(1).margin(0.05));
  CHECK(cost_inside / double{kProbes} == Approx(0.9).margin(0.02));
  CHECK(latency_inside / double{kProbes} == Approx(0.9).margin(0.02));
}

TEST_CASE("quality_sigma is the spread of the predicted mean over repeated learning") {
  std::mt19937 random(2);
  const std::vector<float> x{1, 1, -1, 0.5f, 0, 2};
  double sum = 0, squares = 0, sigma = 0;
  constexpr int kRuns = 400;
  for (int run = 0; run < kRuns; ++run) {
    const TierPrediction prediction = TierModel(Learn(100, random), Options(0.01)).Predict(x, 0, 0, Price{});
    sum += prediction.quality;
    squares += prediction.quality * prediction.quality;
    sigma += prediction.quality_sigma / kRuns;
  }
  const double spread = std::sqrt(squares / kRuns - std::pow(sum / kRuns, 2));
  // The prior variance of 0.0625 is higher than the truth's 0.01 and weighs 10 of 110.
  CHECK(sigma / spread == Approx(1.2).margin(0.2));
}

TEST_CASE("expected output is the mean of what the cap leaves") {
  std::mt19937 random(3);
  const TierModel model(Learn(5000, random), Options(1));
  const Price price{.input_usd_per_mtok = 0, .output_usd_per_mtok = 1e6};
  for (int64_t cap : {20, 150, 1000, 100000}) {
    double capped = 0, predicted = 0;
    for (int i = 0; i < 4000; ++i) {
      const Answer answer = MakeAnswer(random);
      capped += std::min(answer.tokens, static_cast<double>(cap));
      const TierPrediction prediction = model.Predict(answer.x, 0, cap, price);
      REQUIRE(prediction.cost_usd <= static_cast<double>(cap));
      REQUIRE(prediction.cost_high_usd <= static_cast<double>(cap));
      predicted += prediction.cost_usd;
    }
    CHECK(predicted / capped == Approx(1).margin(0.06));
  }
}

TEST_CASE("a price cut acts at once, and the input ratio is learned") {
  std::mt19937 random(4);
  const TierModel model(Learn(1000, random), Options());
  const TierPrediction dear = model.Predict(kBias, 100, 0, {.input_usd_per_mtok = 2, .output_usd_per_mtok = 8});
  const TierPrediction cheap = model.Predict(kBias, 100, 0, {.input_usd_per_mtok = 1, .output_usd_per_mtok = 4});
  CHECK(cheap.cost_usd == Approx(dear.cost_usd / 2));
  const TierPrediction input_only = model.Predict(kBias, 100, 0, {.input_usd_per_mtok = 1e6, .output_usd_per_mtok = 0});
  CHECK(input_only.cost_usd == Approx(120).epsilon(0.01));
  CHECK(input_only.cost_low_usd == input_only.cost_high_usd);
}

TEST_CASE("wild features give finite predictions") {
  std::mt19937 random(5);
  const TierModel model(Learn(50, random), Options(0.1));
  for (float scale : {-1e4f, 1e4f}) {
    const std::vector<float> x(kD, scale);
    for (int64_t cap : {0, 500}) {
      const TierPrediction p = model.Predict(x, 10, cap, {.input_usd_per_mtok = 1, .output_usd_per_mtok = 1});
      for (double value : {p.quality, p.quality_sigma, p.cost_usd, p.cost_low_usd, p.cost_high_usd, p.latency_ms,
                           p.latency_low_ms, p.latency_high_ms}) {
        CHECK(std::isfinite(value));
      }
      CHECK(p.cost_low_usd >= 0);
    }
  }
}

TEST_CASE("tier statistics survive their encoding, and damage is refused") {
  std::mt19937 random(6);
  const TierStatistics statistics = Learn(30, random);
  std::string bytes;
  statistics.AppendTo(bytes);
  std::string_view view = bytes;
  const auto read = TierStatistics::Read(view);
  REQUIRE(read.ok());
  CHECK(view.empty());
  CHECK(read->input_tokens == statistics.input_tokens);
  const Price price{.input_usd_per_mtok = 1, .output_usd_per_mtok = 1};
  const TierPrediction before = TierModel(statistics, Options()).Predict(kBias, 9, 0, price);
  const TierPrediction after = TierModel(*read, Options()).Predict(kBias, 9, 0, price);
  CHECK(before.quality == after.quality);
  CHECK(before.cost_usd == after.cost_usd);
  CHECK(before.latency_ms == after.latency_ms);
  for (size_t length : {size_t{0}, size_t{15}, size_t{40}, bytes.size() / 2, bytes.size() - 1}) {
    std::string_view cut(bytes.data(), length);
    CHECK_FALSE(TierStatistics::Read(cut).ok());
  }
}

TEST_CASE("the means that multipliers are solved with are those that decisions are made with") {
  std::mt19937 random(5);
  const TierStatistics statistics = Learn(300, random);
  TierModelOptions options;
  options.quality_dimensions = options.outcome_dimensions = statistics.quality.dimensions();
  options.cost_ratio = 1.7;
  const TierModel model(statistics, options);
  std::vector<float> x(static_cast<size_t>(statistics.quality.dimensions()), 0.3f);
  x[0] = 1;
  const Price price{.input_usd_per_mtok = 2, .output_usd_per_mtok = 9};
  for (const int64_t cap : {0, 40}) {
    const TierPrediction whole = model.Predict(x, 120, cap, price);
    const TierMeans means = model.PredictMeans(x, 120, cap, price);
    CHECK(means.quality == Approx(whole.quality));
    CHECK(means.cost_usd == Approx(whole.cost_usd));
    CHECK(means.log_latency == Approx(whole.log_latency));
  }
}

}  // namespace suffice
