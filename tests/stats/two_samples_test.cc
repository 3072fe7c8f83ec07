// What is found between two samples, and which of many findings are believed.
#include "stats/two_samples.h"

#include <random>

#include "catch.h"

namespace suffice {
namespace {

Finding WithP(double p) { return {.p = p}; }

std::vector<bool> Marks(std::vector<Finding> findings, double rate) {
  std::vector<Finding*> family;
  for (Finding& finding : findings) family.push_back(&finding);
  MarkFindings(family, rate);
  std::vector<bool> marks;
  for (const Finding& finding : findings) marks.push_back(finding.marked);
  return marks;
}

}  // namespace

TEST_CASE("Benjamini and Hochberg: all up to the last that passes its step") {
  // The bounds of four at 10% are 0.025, 0.05, 0.075, 0.1.
  CHECK(Marks({WithP(0.9), WithP(0.02), WithP(0.08), WithP(0.03)}, 0.1) == std::vector<bool>{false, true, false, true});
  // The second fails its own step and passes with the third.
  CHECK(Marks({WithP(0.02), WithP(0.06), WithP(0.07), WithP(0.9)}, 0.1) == std::vector<bool>{true, true, true, false});
  CHECK(Marks({WithP(0.03), WithP(1), WithP(1), WithP(1)}, 0.1) == std::vector<bool>{false, false, false, false});
  CHECK(Marks({WithP(0.1)}, 0.1) == std::vector<bool>{true});
  CHECK(Marks({}, 0.1).empty());
}

TEST_CASE("a difference of means has the interval of Welch's test") {
  Sample older, newer;
  for (int i = 0; i < 100; ++i) older.Add(i % 2);       // mean 0.5
  for (int i = 0; i < 400; ++i) newer.Add(i % 4 == 0);  // mean 0.25
  const Finding finding = CompareMeans(older, newer);
  const double error = std::sqrt(0.25 * 100 / 99 / 100 + 0.1875 * 400 / 399 / 400);
  CHECK(finding.value == Approx(-0.25));
  CHECK(finding.high - finding.low == Approx(2 * 1.959963985 * error));
  CHECK(finding.p == Approx(4.9e-6).epsilon(0.1));
}

TEST_CASE("few observations find nothing, and agreement of all is not certainty") {
  Sample few, many, same;
  for (int i = 0; i < 29; ++i) few.Add(1);
  for (int i = 0; i < 1000; ++i) many.Add(0);
  CHECK(CompareMeans(few, many).p == 1);
  CHECK(CompareMeans(Sample(), many).p == 1);
  for (int i = 0; i < 40; ++i) same.Add(1);
  CHECK(same.StandardError() == Approx(0.5 / 40));
  CHECK(CompareShares(0, 0, 3, 10).p == 1);
  CHECK(CompareShares(0, 100, 0, 100).p == 1);
  CHECK(CompareShares(10, 100, 10, 100).value == 0);
  CHECK(CompareShares(100, 1000, 200, 1000).p < 1e-9);
}

TEST_CASE("where nothing changed, few families have a mark") {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise;
  int with_mark = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<Finding> findings;
    for (int k = 0; k < 10; ++k) {
      Sample older, newer;
      for (int i = 0; i < 60; ++i) {
        older.Add(noise(random));
        newer.Add(noise(random));
      }
      findings.push_back(CompareMeans(older, newer));
    }
    const std::vector<bool> marks = Marks(findings, 0.1);
    with_mark += std::count(marks.begin(), marks.end(), true) > 0;
  }
  // 40 expected; a standard deviation is 6.
  CHECK(with_mark < 65);
  CHECK(with_mark > 15);
}

}  // namespace suffice
