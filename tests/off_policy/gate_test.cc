#include "off_policy/gate.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

ValueEstimate Of(double value, double standard_error, double degrees = 1e9) {
  return {.value = value,
          .standard_error = standard_error,
          .low = value - 1.96 * standard_error,
          .high = value + 1.96 * standard_error,
          .degrees = degrees,
          .rows = 1000};
}

GateInput With(double difference, double standard_error) {
  return {.difference = Of(difference, standard_error), .audits = 1000};
}

}  // namespace

TEST_CASE("the verdict follows from where the one-sided interval lies") {
  CHECK(DecideGate(With(0.02, 0.01)).verdict == Verdict::kPromote);  // 1.64 standard errors are 0.0164
  CHECK(DecideGate(With(0.016, 0.01)).verdict == Verdict::kNotEnoughEvidence);
  CHECK(DecideGate(With(-0.001, 0.01)).verdict == Verdict::kKeep);
  CHECK(DecideGate(With(0, 0)).verdict == Verdict::kKeep);
  GateInput input = With(0.02, 0.01);
  input.margin = 0.01;
  CHECK(DecideGate(input).verdict == Verdict::kNotEnoughEvidence);
  input.margin = 0.03;
  CHECK(DecideGate(input).verdict == Verdict::kKeep);
  input = With(0.02, 0.01);
  input.difference.degrees = 3;  // t is 2.35
  CHECK(DecideGate(input).verdict == Verdict::kNotEnoughEvidence);
  input = With(0.02, 0.01);
  input.many_looks = true;  // wider
  CHECK(DecideGate(input).verdict == Verdict::kNotEnoughEvidence);
  input.difference = Of(0.05, 0.01);
  CHECK(DecideGate(input).verdict == Verdict::kPromote);
}

TEST_CASE("as many more audits as asked for decide with the stated power") {
  const GateVerdict verdict = DecideGate(With(0.01, 0.01));
  REQUIRE(verdict.verdict == Verdict::kNotEnoughEvidence);
  REQUIRE(verdict.more_audits > 0);
  const double standard_error = 0.01 * std::sqrt(1000.0 / static_cast<double>(1000 + verdict.more_audits));
  std::mt19937_64 random(7);
  std::normal_distribution<double> estimate(0.01, standard_error);
  int promoted = 0;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    promoted += DecideGate(With(estimate(random), standard_error)).verdict == Verdict::kPromote;
  }
  CHECK(promoted / static_cast<double>(kRuns) == Approx(0.8).margin(0.03));
  CHECK(DecideGate(With(1e-6, 0.05)).verdict == Verdict::kKeep);  // 10^13 audits are never to be had
}

TEST_CASE("each limit has its own test, and one that is broken keeps the serving policy") {
  GateInput input = With(0.05, 0.01);
  const auto finding = [&](GateLimit limit) {
    input.limits = {std::move(limit)};
    const GateVerdict verdict = DecideGate(input);
    const bool broken = verdict.limits[0].finding == LimitFinding::kBroken;
    CHECK((verdict.verdict == Verdict::kPromote) == !broken);
    CHECK((verdict.reason.find(input.limits[0].name) != std::string::npos) == broken);
    return verdict.limits[0].finding;
  };
  CHECK(finding({.name = "cost", .limit = 1e-3, .candidate = Of(8e-4, 1e-4)}) == LimitFinding::kKept);
  CHECK(finding({.name = "cost", .limit = 1e-3, .candidate = Of(1.1e-3, 1e-4)}) == LimitFinding::kOpen);
  CHECK(finding({.name = "cost", .limit = 1e-3, .candidate = Of(1.2e-3, 1e-4)}) == LimitFinding::kBroken);
  // Estimated over the limit, and surely dearer than what serves.
  CHECK(finding({.name = "cost", .limit = 1e-3, .candidate = Of(1.1e-3, 1e-4), .difference = Of(2e-4, 1e-5)}) ==
        LimitFinding::kBroken);
  CHECK(finding({.name = "cost", .limit = 1e-3, .candidate = Of(9e-4, 1e-4), .difference = Of(2e-4, 1e-5)}) ==
        LimitFinding::kOpen);
  CHECK(finding({.name = "floor", .limit = 0.9, .at_most = false, .candidate = Of(0.92, 0.01)}) == LimitFinding::kKept);
  CHECK(finding({.name = "floor", .limit = 0.9, .at_most = false, .candidate = Of(0.91, 0.01)}) == LimitFinding::kOpen);
  CHECK(finding({.name = "floor", .limit = 0.9, .at_most = false, .candidate = Of(0.88, 0.01)}) ==
        LimitFinding::kBroken);
  CHECK(finding({.name = "floor",
                 .limit = 0.9,
                 .at_most = false,
                 .candidate = Of(0.89, 0.01),
                 .difference = Of(-0.01, 0.001)}) == LimitFinding::kBroken);
}

TEST_CASE("what could not be observed is not promoted on a model's word") {
  GateInput input = With(0.05, 0.01);
  input.difference.unobservable = 0.2;
  const GateVerdict verdict = DecideGate(input);
  CHECK(verdict.verdict == Verdict::kNotEnoughEvidence);
  CHECK(verdict.reason.find("20.0%") != std::string::npos);
  input = With(std::nan(""), std::nan(""));
  CHECK(DecideGate(input).verdict == Verdict::kNotEnoughEvidence);
  input = With(0.05, 0.01);
  input.audits = 0;
  CHECK(DecideGate(input).verdict == Verdict::kNotEnoughEvidence);
}

TEST_CASE("the verdict's JSON says what it rests on") {
  GateInput input = With(0.01, 0.01);
  input.limits = {{.name = "limits.cost.mean_usd", .limit = 1e-3, .candidate = Of(8e-4, 1e-4)}};
  input.rivals = {
      {.name = "random", .quality = Of(0.8, 0.01), .cost_usd = Of(std::nan(""), 0), .difference = Of(0.1, 0.02)}};
  const GateVerdict verdict = DecideGate(input);
  const auto json = nlohmann::json::parse(GateJson(input, verdict));
  CHECK(json["verdict"] == "not_enough_evidence");
  CHECK(json["more_audits"] == verdict.more_audits);
  CHECK(json["difference"]["value"] == 0.01);
  CHECK(json["limits"][0]["finding"] == "kept");
  CHECK(json["policies"][0]["name"] == "random");
  CHECK(json["policies"][0]["cost_usd"]["value"].is_null());
}

}  // namespace suffice
