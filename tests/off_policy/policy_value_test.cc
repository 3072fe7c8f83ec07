// Estimates against a world whose truth is known.
#include "off_policy/policy_value.h"

#include <cmath>
#include <limits>
#include <random>

#include "catch.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Estimator kAll[] = {Estimator::kDr, Estimator::kSnips, Estimator::kIps, Estimator::kDm, Estimator::kSwitchDr};

// Prompts have a difficulty u in [0, 1]; three tiers answer with quality 1 - u (1 - strength), and noise. The logging
// policy prefers cheap tiers for easy prompts; the model knows only the tier's mean. A quarter of the rows were run on
// every tier; hard prompts are drawn half as often, at the weight 2.
struct World {
  std::vector<ValueRow> rows;
  PolicyTable strong, mixed, logged;
};

double MeanQuality(int tier, double u) { return 1 - u * (0.8 - 0.35 * tier); }

World Draw(uint64_t seed, int n, double model_error = 0) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  World world;
  while (std::ssize(world.rows) < n) {
    const double u = uniform(random);
    ValueRow row;
    if (u > 0.5) {
      row.weight = 2;
      if (uniform(random) < 0.5) continue;
    }
    const std::vector<double> p = u < 0.5 ? std::vector<double>{0.7, 0.2, 0.1} : std::vector<double>{0.15, 0.25, 0.6};
    const bool everywhere = uniform(random) < 0.25;
    const double draw = uniform(random);
    const int chosen = draw < p[0] ? 0 : draw < p[0] + p[1] ? 1 : 2;
    for (int a = 0; a < 3; ++a) {
      row.observed.push_back(everywhere ? 1 : p[static_cast<size_t>(a)]);
      const double y = MeanQuality(a, u) + (uniform(random) - 0.5) * 0.4;
      row.y.push_back(everywhere || a == chosen ? y : kNan);
      row.model.push_back(MeanQuality(a, 0.5) + model_error);
    }
    world.rows.push_back(row);
    world.strong.push_back({0, 0, 1});
    world.mixed.push_back(u < 0.7 ? std::vector<double>{0.8, 0.2, 0} : std::vector<double>{0, 0.5, 0.5});
    world.logged.push_back(p);
  }
  return world;
}

// Over u uniform.
double TrueStrong() { return 1 - 0.5 * 0.1; }
double TrueMixed() {
  // integral of u over [0, .7] is .245, over [.7, 1] .255
  return 1 - 0.245 * (0.8 * 0.8 + 0.2 * 0.45) - 0.255 * (0.5 * 0.45 + 0.5 * 0.1);
}

ValueEstimate Must(absl::StatusOr<ValueEstimate> estimate) {
  INFO(estimate.status().ToString());
  REQUIRE(estimate.ok());
  return *estimate;
}

}  // namespace

TEST_CASE("every estimator but the model alone is right on average, and its interval covers as often as it says") {
  constexpr int kRuns = 400, kRows = 600;
  const double truths[] = {TrueStrong(), TrueMixed()};
  for (const Estimator estimator : kAll) {
    for (int policy = 0; policy < 2; ++policy) {
      double sum = 0, covered = 0, errors = 0, squares = 0;
      for (int run = 0; run < kRuns; ++run) {
        const World world = Draw(static_cast<uint64_t>(run), kRows, /*model_error=*/0.05);
        const ValueEstimate estimate =
            Must(EstimateValue(world.rows, policy == 0 ? world.strong : world.mixed, estimator));
        sum += estimate.value;
        squares += std::pow(estimate.value - truths[policy], 2);
        errors += estimate.standard_error;
        covered += estimate.low <= truths[policy] && truths[policy] <= estimate.high;
      }
      CAPTURE(static_cast<int>(estimator), policy, sum / kRuns, covered / kRuns);
      if (estimator == Estimator::kDm) {
        if (policy == 0) CHECK(covered / kRuns < 0.5);  // confident of what its model gets wrong
        continue;
      }
      // Four standard errors of the mean over runs; of a binomial share of 0.95.
      CHECK(sum / kRuns == Approx(truths[policy]).margin(4 * errors / kRuns / std::sqrt(kRuns)));
      CHECK(covered / kRuns >= 0.95 - 4 * std::sqrt(0.95 * 0.05 / kRuns));
      CHECK(errors / kRuns == Approx(std::sqrt(squares / kRuns)).epsilon(0.2));
    }
  }
}

TEST_CASE("a difference is paired: what both policies share cancels") {
  const World world = Draw(5, 2000);
  const ValueEstimate same = Must(EstimateDifference(world.rows, world.mixed, world.mixed));
  CHECK(same.value == 0);
  CHECK(same.standard_error == 0);
  // Policies that differ on every tenth row.
  PolicyTable nearly = world.mixed;
  for (size_t i = 0; i < nearly.size(); i += 10) nearly[i] = {0, 0, 1};
  const ValueEstimate difference = Must(EstimateDifference(world.rows, nearly, world.mixed));
  const ValueEstimate a = Must(EstimateValue(world.rows, nearly, Estimator::kDr));
  const ValueEstimate b = Must(EstimateValue(world.rows, world.mixed, Estimator::kDr));
  CHECK(difference.value == Approx(a.value - b.value).margin(1e-12));
  CHECK(difference.standard_error < 0.6 * std::hypot(a.standard_error, b.standard_error));
}

TEST_CASE("a confidence sequence holds at every look") {
  constexpr int kRuns = 200;
  int missed = 0;
  for (int run = 0; run < kRuns; ++run) {
    const World world = Draw(1000 + static_cast<uint64_t>(run), 1000, 0.05);
    bool inside = true;
    for (size_t n = 100; n <= world.rows.size() && inside; n += 50) {
      const PolicyTable policy(world.strong.begin(), world.strong.begin() + static_cast<std::ptrdiff_t>(n));
      const ValueEstimate look =
          Must(EstimateValue(std::span(world.rows).first(n), policy, Estimator::kDr, {.intended_rows = 500}));
      inside = look.sequence_low <= TrueStrong() && TrueStrong() <= look.sequence_high;
      CHECK(look.sequence_low < look.low);
    }
    missed += !inside;
  }
  CHECK(missed <= kRuns * 5 / 100);
}

TEST_CASE("rows of which every tier is known make all estimators but the model alone agree") {
  World world = Draw(9, 300);
  for (ValueRow& row : world.rows) {
    for (size_t a = 0; a < 3; ++a) {
      row.observed[a] = 1;
      if (std::isnan(row.y[a])) row.y[a] = 0.1 * static_cast<double>(a);
    }
  }
  const double value = Must(EstimateValue(world.rows, world.mixed, Estimator::kDr)).value;
  for (const Estimator estimator : {Estimator::kSnips, Estimator::kIps, Estimator::kSwitchDr}) {
    CHECK(Must(EstimateValue(world.rows, world.mixed, estimator)).value == Approx(value).epsilon(1e-12));
  }
}

TEST_CASE("weights stand for rows that were not drawn") {
  const World world = Draw(11, 400);
  std::vector<ValueRow> doubled;
  PolicyTable policy;
  for (size_t i = 0; i < world.rows.size(); ++i) {
    for (int copy = 0; copy < (world.rows[i].weight > 1 ? 2 : 1); ++copy) {
      doubled.push_back(world.rows[i]);
      doubled.back().weight = 1;
      policy.push_back(world.mixed[i]);
    }
  }
  for (const Estimator estimator : kAll) {
    CHECK(Must(EstimateValue(world.rows, world.mixed, estimator)).value ==
          Approx(Must(EstimateValue(doubled, policy, estimator)).value).epsilon(1e-12));
  }
  // The scale of the weights says nothing.
  std::vector<ValueRow> scaled = world.rows;
  for (ValueRow& row : scaled) row.weight *= 7;
  const ValueEstimate once = Must(EstimateValue(world.rows, world.mixed, Estimator::kDr));
  const ValueEstimate again = Must(EstimateValue(scaled, world.mixed, Estimator::kDr));
  CHECK(again.standard_error == Approx(once.standard_error));
  CHECK(again.effective_sample_size == Approx(once.effective_sample_size));
  CHECK(again.largest_weight == Approx(once.largest_weight));
}

TEST_CASE("overlap is told: effective sample size, largest weight, and what could not be observed") {
  std::vector<ValueRow> rows(10, {.observed = {0.5, 0.1, 0}, .y = {0.5, kNan, kNan}, .model = {0.4, 0.6, 0.8}});
  rows[0].y = {kNan, 0.7, kNan};
  const PolicyTable cheap(10, {1, 0, 0}), medium(10, {0, 1, 0}), other(10, {0.5, 0.25, 0.25});
  const ValueEstimate often = Must(EstimateValue(rows, cheap, Estimator::kDr));
  CHECK(often.effective_sample_size == Approx(9));
  CHECK(often.largest_weight == Approx(2));
  CHECK(often.unobservable == 0);
  const ValueEstimate rarely = Must(EstimateValue(rows, medium, Estimator::kDr));
  CHECK(rarely.effective_sample_size == Approx(1));
  CHECK(rarely.largest_weight == Approx(10));
  CHECK(rarely.high - rarely.low > 4 * rarely.standard_error);  // one observation: Student's t has one degree
  CHECK(Must(EstimateValue(rows, other, Estimator::kDr)).unobservable == Approx(0.25));
  // Next to never is never: what would be seen once in a thousand years neither counts nor widens the interval.
  std::vector<ValueRow> rare = rows;
  for (ValueRow& row : rare) row.observed[2] = 1e-9;
  CHECK(Must(EstimateValue(rare, other, Estimator::kDr)).unobservable == Approx(0.25));
  CHECK(Must(EstimateValue(rare, other, Estimator::kDr)).standard_error ==
        Approx(Must(EstimateValue(rows, other, Estimator::kDr)).standard_error));
  // A weight of 10 is kept at 10 and dropped below.
  CHECK(Must(EstimateValue(rows, medium, Estimator::kSwitchDr, {.switch_weight = 10})).value == Approx(rarely.value));
  CHECK(Must(EstimateValue(rows, medium, Estimator::kSwitchDr, {.switch_weight = 9})).value == Approx(0.6));
  const PolicyTable never(10, {0, 0, 1});
  CHECK(std::isnan(Must(EstimateValue(rows, never, Estimator::kSnips)).value));
  CHECK(std::isnan(Must(EstimateValue(rows, never, Estimator::kIps)).value));
  CHECK(Must(EstimateValue(rows, never, Estimator::kDr)).value == Approx(0.8));
}

TEST_CASE("what all measures of a tier share widens the interval by the policy's share of it") {
  const World world = Draw(3, 500);
  ValueOptions options{.tier_standard_error = {0, 0, 0.03}};
  const auto variance = [&](const PolicyTable& policy, const ValueOptions& with) {
    return std::pow(Must(EstimateValue(world.rows, policy, Estimator::kDr, with)).standard_error, 2);
  };
  CHECK(variance(world.strong, options) - variance(world.strong, {}) == Approx(0.03 * 0.03));
  double share = 0, weights = 0;
  for (size_t i = 0; i < world.rows.size(); ++i) {
    share += world.rows[i].weight * world.mixed[i][2];
    weights += world.rows[i].weight;
  }
  share /= weights;
  CHECK(variance(world.mixed, options) - variance(world.mixed, {}) == Approx(std::pow(share * 0.03, 2)));
  const double with = Must(EstimateDifference(world.rows, world.strong, world.mixed, options)).standard_error;
  const double without = Must(EstimateDifference(world.rows, world.strong, world.mixed)).standard_error;
  CHECK(with * with - without * without == Approx(std::pow((1 - share) * 0.03, 2)));
}

TEST_CASE("rows that cannot be are refused by name") {
  const ValueRow good{.observed = {0.5, 0.5}, .y = {1, kNan}, .model = {0.5, 0.5}};
  const PolicyTable policy{{1, 0}};
  const auto field = [&](ValueRow row, const PolicyTable& table = {{1, 0}}) {
    return FieldOf(EstimateValue(std::vector{row}, table, Estimator::kDr).status()).value_or("none");
  };
  CHECK(field(good) == "none");
  CHECK(FieldOf(EstimateValue({}, {}, Estimator::kDr).status()) == "rows");
  CHECK(field(good, {}) == "policy");
  CHECK(field(good, {{1, 0, 0}}) == "policy[0]");
  ValueRow row = good;
  row.model = {0.5};
  CHECK(field(row) == "rows[0].model");
  row = good;
  row.observed[0] = 1.5;
  CHECK(field(row) == "rows[0].observed");
  row.observed[0] = 0;  // and yet it was observed
  CHECK(field(row) == "rows[0].observed");
  row = good;
  row.weight = -1;
  CHECK(field(row) == "rows[0].weight");
  row.weight = 0;
  CHECK(field(row) == "rows");
  CHECK(FieldOf(EstimateValue(std::vector{good}, policy, Estimator::kDr, {.tier_standard_error = {1}}).status()) ==
        "tier_standard_error");
}

}  // namespace suffice
