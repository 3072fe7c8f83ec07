// The whole benchmark, as small as it goes: every promised key is there, with a number that can be.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "child.h"
#include "temp_folder.h"

namespace suffice::load {
namespace {

using nlohmann::json;

void CheckPositive(const json& report, const std::string& pointer) {
  CAPTURE(pointer);
  const json::json_pointer at(pointer);
  REQUIRE(report.contains(at));
  REQUIRE(report[at].is_number());
  CHECK(std::isfinite(report[at].get<double>()));
  CHECK(report[at].get<double>() > 0);
}

TEST_CASE("The benchmark reports every promised number") {
  const TempFolder folder;
  const std::string work = std::string(SUFFICE_LOAD_FOLDER) + "/bench_test";  // on a disk, unlike perhaps the other
  auto bench = Child::Start({SUFFICE_LOAD_BINARY, "--smallest", "--report", folder.Path("r.json"), "--html",
                             folder.Path("r.html"), "--work", work},
                            folder.Path("output.txt"));
  REQUIRE(bench.ok());
  const absl::Status ended = (*bench)->WaitForEnd(600);
  INFO(ended.ToString());
  REQUIRE(ended.ok());

  const json report = json::parse(std::ifstream(folder.Path("r.json")));
  for (const char* pointer :
       {"/decision_us/p50", "/decision_us/p99", "/score_us/p50", "/score_us/p99", "/route_vs_empty/throughput_ratio",
        "/route_vs_empty/p50_ratio", "/route_vs_empty/p99_ratio", "/feedback_per_s/stream", "/feedback_per_s/unary",
        "/overload/goodput_ratio", "/start_s", "/rebuild_events_per_s", "/rows/p50_ratio", "/rows/p99_ratio",
        "/endurance/resident_mb_first", "/endurance/resident_mb_last", "/endurance/resident_mb_max", "/endurance/seconds",
        "/bytes_per_decision", "/feedback_to_influence_ms/p50",
        "/details/route_vs_empty/route_at_saturation/cpu_us/median",
        "/details/route_vs_empty/empty_at_saturation/cpu_us/median"}) {
    CheckPositive(report, pointer);
  }
  // On a busy machine a difference may have either sign.
  CHECK(report["route_vs_empty"]["cpu_added_us"].is_number());
  CHECK(report["details"]["route_vs_empty"]["failed_requests"] == 0);
  const json& overload = report["details"]["overload"];
  CHECK(overload["route_at_three_times_the_peak"]["failed"] == 0);
  CHECK(overload["feedback_while_the_log_is_locked"]["failed"] == 0);
  CHECK(overload["route_meanwhile"]["failed"] == 0);
  CHECK(report["details"]["endurance"]["failed"] == 0);
  // Whether anything was refused depends on the machine.
  CHECK(report["overload"]["refused_share"].is_number());
  CHECK(report["overload"]["refusal_p99_ms"].is_number());
  CHECK(report["growth"]["decision_us_by_tiers"].size() == 2);

  std::ifstream page(folder.Path("r.html"));
  const std::string html{std::istreambuf_iterator<char>(page), {}};
  CHECK(html.find("Latency over load") != std::string::npos);
  CHECK(html.find("</svg>") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(work));
}

// What it said; it is expected to end with an error.
std::string ErrorOf(const TempFolder& folder, const std::vector<std::string>& flags) {
  std::vector<std::string> command = {SUFFICE_LOAD_BINARY, "--report", folder.Path("none.json")};
  command.insert(command.end(), flags.begin(), flags.end());
  auto bench = Child::Start(command, folder.Path("output.txt"));
  REQUIRE(bench.ok());
  CHECK_FALSE((*bench)->WaitForEnd(60).ok());
  CHECK_FALSE(std::filesystem::exists(folder.Path("none.json")));
  std::ifstream output(folder.Path("output.txt"));
  return {std::istreambuf_iterator<char>(output), {}};
}

TEST_CASE("The benchmark measures the parts that are asked for, and reports these alone") {
  const TempFolder folder;
  const std::string work = std::string(SUFFICE_LOAD_FOLDER) + "/bench_parts_test";
  auto bench = Child::Start({SUFFICE_LOAD_BINARY, "--smallest", "--only", "decisions,long-log", "--report",
                             folder.Path("r.json"), "--work", work},
                            folder.Path("output.txt"));
  REQUIRE(bench.ok());
  REQUIRE((*bench)->WaitForEnd(600).ok());
  const json report = json::parse(std::ifstream(folder.Path("r.json")));
  CheckPositive(report, "/decision_us/p50");
  CheckPositive(report, "/start_s");
  CHECK_FALSE(report.contains("route_vs_empty"));
  CHECK_FALSE(report.contains("feedback_per_s"));
  CHECK_FALSE(report["details"].contains("route_vs_empty"));

  CHECK(ErrorOf(folder, {"--only", "decisions,start"}).find("expected some of decisions,") != std::string::npos);
  CHECK(ErrorOf(folder, {"--log-rows", "0"}).find("--log-rows: expected 1 or more") != std::string::npos);
  CHECK(ErrorOf(folder, {"--only", ","}).find("got \"\"") != std::string::npos);
  CHECK(ErrorOf(folder, {"--only", "decisions", "--html", folder.Path("r.html")}).find("--html: not together with --only") !=
        std::string::npos);
}

}  // namespace
}  // namespace suffice::load
