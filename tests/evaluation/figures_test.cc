#include "evaluation/figures.h"

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cmath>
#include <random>
#include <sstream>

#include "catch.h"
#include "evaluation/axis.h"
#include "evaluation/label_layout.h"

namespace suffice {
namespace {

using boost::property_tree::ptree;

ReplayReport MakeReport(const std::vector<std::string>& names, const QualityCostTable& table, size_t windows) {
  ReplayReport report;
  report.config_name = "a <b> & \"c\"";
  report.policy = "igw";
  report.tier_names = names;
  report.decisions = 1000;
  report.seeds = 2;
  report.quality_mean = 0.6;
  report.cost_mean_usd = table[0][0].cost_usd;
  report.tier_share.assign(names.size(), 1.0 / static_cast<double>(names.size()));
  report.per_seed = {{1, 0.59, report.cost_mean_usd, {}}, {2, 0.61, report.cost_mean_usd, {}}};
  for (size_t i = 1; i <= windows; ++i) {
    const auto end = static_cast<int64_t>(1000 * i / windows);
    report.learning_curve.push_back({end, 0.6, report.cost_mean_usd, {}, report.tier_share});
  }
  FillBaselines(MakeBaselines(table), report);
  return report;
}

// All text of an SVG's text elements; fails on anything that is not well-formed XML.
std::vector<std::string> TextsOf(const std::string& svg) {
  std::istringstream in(svg);
  ptree tree;
  REQUIRE_NOTHROW(boost::property_tree::read_xml(in, tree));
  std::vector<std::string> texts;
  for (const auto& [name, child] : tree.get_child("svg")) {
    if (name == "text") texts.push_back(child.data());
  }
  return texts;
}

bool Has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

TEST_CASE("Pictures are well-formed, name every tier and have a number at every place, also in odd worlds") {
  const QualityCostTable plain{{{0.5, 1e-5}, {0.7, 1e-4}, {0.9, 1e-2}}, {{0.6, 2e-5}, {0.4, 1e-4}, {1, 1e-2}}};
  const std::vector<std::pair<const char*, ReplayReport>> worlds{
      {"plain", MakeReport({"s", "<m>", "l & x"}, plain, 20)},
      {"one tier", MakeReport({"only"}, {{{0.5, 0.1}}}, 5)},
      {"free", MakeReport({"a", "b"}, {{{0.5, 0}, {0.5, 0}}}, 2)},
      {"one free", MakeReport({"a", "b"}, {{{0.5, 0}, {0.7, 0.3}}}, 1)},
      {"nothing differs", MakeReport({"a", "b"}, {{{0.6, 0.1}, {0.6, 0.1}}}, 3)}};
  for (const auto& [name, report] : worlds) {
    INFO(name);
    for (const std::string& svg : {CostQualitySvg(report), LearningCurveSvg(report), TierShareSvg(report)}) {
      const auto texts = TextsOf(svg);
      for (const std::string& tier : report.tier_names) CHECK(Has(texts, tier));
      CHECK(svg.find("nan") == std::string::npos);
      CHECK(svg.find("inf") == std::string::npos);
    }
    CHECK(Has(TextsOf(CostQualitySvg(report)), "this policy"));
  }
}

TEST_CASE("The page has the numbers and escapes names; without a learning curve it has no empty pictures") {
  ReplayReport report = MakeReport({"<script>", "b"}, {{{0.5, 0.1}, {0.7, 0.3}}, {{0.5, 0.1}, {0.3, 0.3}}}, 10);
  report.quality_mean = 0.55;
  const std::string page = RenderHtml(report);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("a &lt;b&gt; &amp; &quot;c&quot;") != std::string::npos);
  CHECK(page.find("0.5500") != std::string::npos);
  CHECK(page.find("$100") != std::string::npos);
  CHECK(page.find("prefers-color-scheme:dark") != std::string::npos);
  CHECK(page.find("How it learned") != std::string::npos);
  report.learning_curve.clear();
  CHECK(RenderHtml(report).find("How it learned") == std::string::npos);
}

TEST_CASE("Ticks are round, rising, within the range, and neither few nor many") {
  const auto check = [](const Axis& axis, double low, double high) {
    const auto ticks = axis.Ticks(6);
    CAPTURE(low, high, ticks.size());
    CHECK(ticks.size() >= 2);
    CHECK(ticks.size() <= 12);
    for (size_t i = 0; i < ticks.size(); ++i) {
      CHECK(ticks[i].value >= low * (1 - 1e-9));
      CHECK(ticks[i].value <= high * (1 + 1e-9));
      if (i > 0) CHECK(ticks[i].value > ticks[i - 1].value);
      if (i > 0) CHECK(ticks[i].label != ticks[i - 1].label);
    }
  };
  for (const double high : {0.7001, 0.713, 1.2, 7.7, 3602.0}) check(Axis::Linear(0.7, high, 0, 1), 0.7, high);
  for (const double high : {0.036, 0.09, 0.24, 15.0, 3e4}) check(Axis::Logarithmic(0.03, high, 0, 1), 0.03, high);
  CHECK(Axis::Logarithmic(1, 100, 0, 200).At(10) == Approx(100));
  CHECK(Axis::Linear(0, 10, 50, 0).At(2) == Approx(40));
}

TEST_CASE("Numbers read as people write them") {
  CHECK(PlainNumber(0.00002, 1) == "0.00002");
  CHECK(PlainNumber(0.3861, 3) == "0.386");
  CHECK(PlainNumber(20, 1) == "20");
  CHECK(PlainNumber(1234567, 3) == "1,234,567");
  CHECK(Grouped(999) == "999");
  CHECK(Grouped(-1000) == "-1,000");
}

TEST_CASE("Labels stay in the frame and off each other") {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> x(100, 700), y(60, 400);
  const Box frame{66, 40, 740, 430};
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<Point> marks;
    std::vector<std::string> names;
    for (int i = 0; i < 5; ++i) {
      marks.push_back({x(random), y(random)});
      names.push_back("tier number " + std::to_string(i));
    }
    const auto placed = PlaceLabels(marks, names, {}, frame);
    std::vector<Box> boxes;
    for (size_t i = 0; i < placed.size(); ++i) {
      const double width = TextWidth(names[i]);
      const Anchor anchor = placed[i].anchor;
      const double left = placed[i].at.x - (anchor == Anchor::kStart ? 0 : anchor == Anchor::kEnd ? width : width / 2);
      const Box box{left, placed[i].at.y - 11, left + width, placed[i].at.y + 2};
      CHECK(box.left >= frame.left);
      CHECK(box.right <= frame.right);
      CHECK(box.top >= frame.top);
      CHECK(box.bottom <= frame.bottom);
      for (const Box& other : boxes) {
        const bool beside = box.left >= other.right || other.left >= box.right;
        const bool stacked = box.top >= other.bottom || other.top >= box.bottom;
        CHECK((beside || stacked));
      }
      boxes.push_back(box);
    }
  }
}

TEST_CASE("Heights are spread, in order, and within bounds while they fit") {
  const auto spread = SpreadHeights({100, 101, 99, 300}, 15, 10, 310);
  CHECK(spread[1] - spread[0] >= 15);
  CHECK(spread[0] - spread[2] >= 15);
  CHECK(spread[3] == 300);
  const auto low = SpreadHeights({308, 309, 310}, 15, 10, 310);
  CHECK(low == std::vector<double>{280, 295, 310});
  CHECK(SpreadHeights({}, 15, 0, 1).empty());
}

}  // namespace
}  // namespace suffice
