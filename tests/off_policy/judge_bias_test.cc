// What a biased judge does to the value of a policy, and what a few users' labels undo.
#include "off_policy/judge_bias.h"

#include <cmath>
#include <limits>
#include <random>

#include "catch.h"
#include "off_policy/policy_value.h"

namespace suffice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const std::vector<std::string> kTiers{"small", "medium", "large"};
constexpr double kTruth[] = {0.6, 0.7, 0.8};
constexpr double kJudgeBias[] = {0, 0, 0.10};

// Decisions drawn evenly over three tiers, all judged, some of them labelled by users too.
struct Judged {
  std::vector<size_t> tier;
  std::vector<double> user, judge;
  std::vector<bool> labelled;
};

Judged Draw(std::mt19937_64& random, int n, int labels) {
  std::normal_distribution<double> own(0, 0.2), of_judge(0, 0.1);
  Judged result;
  for (int i = 0; i < n; ++i) {
    const size_t tier = result.tier.emplace_back(random() % 3);
    const double user = result.user.emplace_back(kTruth[tier] + own(random));
    result.judge.push_back(user + kJudgeBias[tier] + of_judge(random));
    result.labelled.push_back(i < labels);
  }
  return result;
}

std::map<std::string, JudgeBias> BiasesOf(const Judged& judged) {
  std::vector<JudgedPair> pairs;
  for (size_t i = 0; i < judged.tier.size(); ++i) {
    if (judged.labelled[i]) pairs.push_back({kTiers[judged.tier[i]], judged.user[i], judged.judge[i]});
  }
  return EstimateJudgeBias(pairs);
}

ValueEstimate Value(const Judged& judged, const std::map<std::string, JudgeBias>* biases,
                    const std::vector<double>& mix) {
  std::vector<ValueRow> rows;
  std::vector<double> judged_only(3), all(3);
  for (size_t i = 0; i < judged.tier.size(); ++i) {
    const size_t tier = judged.tier[i];
    double y = judged.judge[i];
    if (biases != nullptr) y = judged.labelled[i] ? judged.user[i] : biases->at(kTiers[tier]).Corrected(y);
    ValueRow row{
        .observed = std::vector<double>(3, 1.0 / 3), .y = std::vector<double>(3, kNan), .model = {0.7, 0.7, 0.7}};
    row.y[tier] = y;
    rows.push_back(row);
    all[tier] += 1;
    judged_only[tier] += !judged.labelled[i];
  }
  for (size_t a = 0; a < 3; ++a) judged_only[a] /= all[a];
  ValueOptions options;
  if (biases != nullptr) options.tier_standard_error = SharedErrors(kTiers, *biases, judged_only);
  const auto estimate = EstimateValue(rows, PolicyTable(rows.size(), mix), Estimator::kDr, options);
  REQUIRE(estimate.ok());
  return *estimate;
}

}  // namespace

TEST_CASE("a judge's bias of 0.10 on one tier: 200 users' labels bring the truth back into the interval") {
  for (const std::vector<double>& mix : {std::vector<double>{0, 0, 1}, {0.1, 0.3, 0.6}}) {
    const double truth = mix[0] * kTruth[0] + mix[1] * kTruth[1] + mix[2] * kTruth[2];
    constexpr int kRuns = 400;
    double combined = 0, alone = 0, width_combined = 0, width_labels = 0;
    std::mt19937_64 random(41);
    for (int run = 0; run < kRuns; ++run) {
      const Judged judged = Draw(random, 6000, 200);
      const auto biases = BiasesOf(judged);
      const ValueEstimate with = Value(judged, &biases, mix), without = Value(judged, nullptr, mix);
      combined += with.low <= truth && truth <= with.high;
      alone += without.low <= truth && truth <= without.high;
      width_combined += with.high - with.low;
      const Judged labels_only = {{judged.tier.begin(), judged.tier.begin() + 200},
                                  {judged.user.begin(), judged.user.begin() + 200},
                                  {judged.user.begin(), judged.user.begin() + 200},
                                  {judged.labelled.begin(), judged.labelled.begin() + 200}};
      const ValueEstimate users = Value(labels_only, nullptr, mix);
      width_labels += users.high - users.low;
    }
    CAPTURE(mix, combined / kRuns, alone / kRuns, width_combined / kRuns, width_labels / kRuns);
    CHECK(combined / kRuns >= 0.92);
    CHECK(combined / kRuns <= 0.98);
    CHECK(alone / kRuns < 0.05);
    CHECK(width_combined < 0.7 * width_labels);  // the judge is worth having
  }
}

TEST_CASE("a bias is told with its error and how well the two agree") {
  std::mt19937_64 random(2);
  const auto biases = BiasesOf(Draw(random, 3000, 3000));
  REQUIRE(biases.size() == 3);
  for (size_t a = 0; a < 3; ++a) {
    const JudgeBias& bias = biases.at(kTiers[a]);
    CHECK(bias.IsKnown());
    CHECK(bias.bias == Approx(kJudgeBias[a]).margin(4 * bias.standard_error));
    CHECK(bias.standard_error == Approx(0.1 / std::sqrt(bias.labels)).epsilon(0.15));
    CHECK(bias.correlation == Approx(0.2 / std::sqrt(0.05)).margin(0.03));
    CHECK(bias.Corrected(0.5) == Approx(0.5 - bias.bias));
  }
  CHECK(biases.at("large").mean_absolute_difference > biases.at("small").mean_absolute_difference);
}

TEST_CASE("few labels correct nothing, and a constant judge agrees with nobody") {
  const std::vector<JudgedPair> one{{"small", 0.5, 0.9}};
  const JudgeBias few = EstimateJudgeBias(one).at("small");
  CHECK(few.labels == 1);
  CHECK(few.standard_error == 0);
  CHECK(few.Corrected(0.9) == 0.9);
  std::vector<JudgedPair> constant;
  for (int i = 0; i < 20; ++i) constant.push_back({"small", i / 20.0, 0.75});
  CHECK(EstimateJudgeBias(constant).at("small").correlation == 0);
  CHECK(EstimateJudgeBias({}).empty());
}

}  // namespace suffice
