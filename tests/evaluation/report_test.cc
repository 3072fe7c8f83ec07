#include "evaluation/report.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"

namespace suffice {
namespace {

ReplayReport SmallReport() {
  ReplayReport report;
  report.config_name = "two_tiers";
  report.config_hash = "0123456789abcdef0123";
  report.policy = "thompson";
  report.tier_names = {"small", "large"};
  report.decisions = 100;
  report.seeds = 2;
  report.quality_mean = 0.75;
  report.quality_sd = 0.01;
  report.cost_mean_usd = 0.5;
  report.tier_share = {0.6, 0.4};
  report.regret = 3;
  report.propensity_check = PropensityCheck::Result{200, 1.5, 1, 0.22, 0};
  report.decide_us_p50 = 12;
  report.decide_us_p99 = 40;
  report.per_seed = {{1, 0.74, 0.49, 0.1}, {2, 0.76, 0.51, std::nullopt}};
  report.learning_curve = {{50, 0.7, 0.6, std::nullopt, {0.5, 0.5}}, {100, 0.8, 0.4, 0.2, {0.7, 0.3}}};
  FillBaselines(MakeBaselines({{{0.5, 0}, {0.9, 1}}, {{0.7, 0}, {0.7, 1}}}), report);
  return report;
}

TEST_CASE("The JSON has the agreed keys and values") {
  const auto json = nlohmann::json::parse(ToJson(SmallReport()));
  for (const char* key : {"decisions", "seeds", "quality_mean", "quality_sd", "cost_mean_usd", "tier_share",
                          "late_share", "baselines", "gap_closed", "regret", "propensity_check", "decide_us"}) {
    CHECK(json.contains(key));
  }
  CHECK(json["tier_share"]["large"] == 0.4);
  CHECK(json["late_share"].is_null());
  CHECK(json["baselines"]["always"]["small"]["quality"].get<double>() == Approx(0.6));
  CHECK(json["baselines"]["always"]["large"]["cost_usd"] == 1.0);
  CHECK(json["baselines"]["random_mix_same_cost"].get<double>() == Approx(0.7));
  CHECK(json["baselines"]["best_mix_same_cost"].get<double>() == Approx(0.7));
  CHECK(json["baselines"]["optimum_same_cost"].get<double>() == Approx(0.8));
  CHECK(json["gap_closed"].get<double>() == Approx(0.5));
  CHECK(json["propensity_check"]["chi2_p"] == 0.22);
  CHECK(json["decide_us"]["p99"] == 40.0);
  CHECK_FALSE(json.contains("eval"));
  CHECK(json["per_seed"][1]["gap_closed"].is_null());
  CHECK(json["learning_curve"][1]["tier_share"]["small"] == 0.7);

  ReplayReport with_eval = SmallReport();
  with_eval.eval = TwoTierMetrics{0.66, 0.2, 0.5, 0.8};
  CHECK(nlohmann::json::parse(ToJson(with_eval))["eval"]["cpt95"] == 0.8);
}

TEST_CASE("Values that JSON cannot hold become null, and odd names survive") {
  ReplayReport report = SmallReport();
  report.quality_sd = std::numeric_limits<double>::quiet_NaN();
  report.tier_names[0] = "b\xff\"ad";
  const auto json = nlohmann::json::parse(ToJson(report));
  CHECK(json["quality_sd"].is_null());
  CHECK(json["tier_share"].size() == 2);
}

TEST_CASE("A report is written whole, and a bad path is an error that leaves nothing behind") {
  const auto folder = std::filesystem::temp_directory_path() / ("suffice_report_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto path = (folder / "r.json").string();
  REQUIRE(WriteJson(SmallReport(), path).ok());
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  CHECK(text.str() == ToJson(SmallReport()));
  std::filesystem::create_directory(folder / "taken");
  CHECK_FALSE(WriteJson(SmallReport(), (folder / "taken").string()).ok());
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  std::filesystem::remove_all(folder);
  CHECK(WriteJson(SmallReport(), path).code() == absl::StatusCode::kNotFound);
}

TEST_CASE("The table lines up and says the numbers") {
  std::ostringstream out;
  PrintTable(SmallReport(), out);
  const std::string text = out.str();
  CHECK(text.find("two_tiers (thompson), config 0123456789ab: 100 decisions x 2 seeds") != std::string::npos);
  CHECK(text.find("gap closed              +0.500") != std::string::npos);
  std::istringstream lines(text);
  std::string line;
  size_t end_of_quality = 0;
  int rows = 0;
  while (std::getline(lines, line)) {
    if (const size_t at = line.find("quality  "); at != std::string::npos && line[0] == ' ') end_of_quality = at + 7;
    const bool of_tier = line.rfind("always ", 0) == 0 || line.rfind("this policy", 0) == 0;
    if (of_tier || line.find("same cost") != std::string::npos) {
      ++rows;
      REQUIRE(line.size() > end_of_quality);
      CHECK(std::isdigit(static_cast<unsigned char>(line[end_of_quality - 1])));
      CHECK(line[end_of_quality] == ' ');
    }
    CHECK((line.empty() || line.back() != ' '));
  }
  CHECK(rows == 6);
}

TEST_CASE("A thinned curve keeps its ends, its order and its limit") {
  std::vector<QualityCost> points;
  for (int i = 0; i < 5000; ++i) points.push_back({i * 1e-4, i * 1e-5});
  const auto thin = ThinCurve(points, 100);
  CHECK(thin.size() <= 100);
  CHECK(thin.size() > 30);
  CHECK(thin.front().cost_usd == 0);
  CHECK(thin.back().cost_usd == points.back().cost_usd);
  for (size_t i = 1; i < thin.size(); ++i) CHECK(thin[i].cost_usd > thin[i - 1].cost_usd);
  CHECK(ThinCurve({{1, 2}}, 100).size() == 1);
}

}  // namespace
}  // namespace suffice
