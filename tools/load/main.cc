// `suffice_load`: the benchmark behind tools/bench. As `suffice_load empty-server` it is the server that Route is
// compared with.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "base/status_macros.h"
#include "evaluation/write_file.h"
#include "flags.h"
#include "measurements.h"
#include "report_json.h"
#include "report_page.h"

namespace suffice::load {
namespace {

void Say(const char* what) { std::fputs(fmt::format("{}\n", what).c_str(), stderr); }

absl::StatusOr<Measurements> Measure(const World& world, const Sizes& sizes, const std::set<Part>& parts) {
  Measurements measured{.sizes = sizes, .cores = static_cast<int>(std::thread::hardware_concurrency())};
  if (parts.contains(Part::kDecisions)) {
    Say("decisions in process");
    measured.decisions = MeasureDecisions(sizes);
  }
  if (parts.contains(Part::kRoute)) {
    Say("Route beside an empty rpc");
    SUFFICE_ASSIGN_OR_RETURN(measured.route, MeasureRoute(world, sizes));
  }
  if (parts.contains(Part::kFeedback)) {
    Say("feedback");
    SUFFICE_ASSIGN_OR_RETURN(measured.feedback, MeasureFeedback(world, sizes));
  }
  if (parts.contains(Part::kOverload)) {
    Say("three times what can be answered");
    SUFFICE_ASSIGN_OR_RETURN(measured.overload, MeasureOverload(world, sizes));
  }
  if (parts.contains(Part::kLongLog)) {
    Say("start and rebuild with a long log");
    SUFFICE_ASSIGN_OR_RETURN(measured.long_log, MeasureLongLog(world, sizes));
  }
  if (parts.contains(Part::kRows)) {
    Say("Route with a short and a long log");
    SUFFICE_ASSIGN_OR_RETURN(measured.rows, MeasureRows(world, sizes));
  }
  if (parts.contains(Part::kEndurance)) {
    Say("memory under a steady load");
    SUFFICE_ASSIGN_OR_RETURN(measured.endurance, MeasureEndurance(world, sizes));
  }
  return measured;
}

absl::Status RunBenchmark(const Settings& settings, const std::string& self) {
  SUFFICE_ASSIGN_OR_RETURN(const World world, MakeWorld(settings.suffice, self, settings.work));
  SUFFICE_ASSIGN_OR_RETURN(const Measurements measured, Measure(world, settings.sizes, settings.parts));
  SUFFICE_RETURN_IF_ERROR(WriteFileWhole(settings.report, ToJson(measured)));
  if (!settings.html.empty()) SUFFICE_RETURN_IF_ERROR(WriteFileWhole(settings.html, ToHtml(measured)));
  std::error_code ignored;
  if (!settings.keep) std::filesystem::remove_all(world.folder, ignored);
  return absl::OkStatus();
}

absl::Status RunDrive(const DriveOptions& options) {
  SUFFICE_ASSIGN_OR_RETURN(const std::string text, Drive(options));
  std::fputs(text.c_str(), stdout);
  return absl::OkStatus();
}

absl::Status RunTask(const Settings& settings, const std::string& self) {
  switch (settings.task) {
    case Settings::Task::kEmptyServer:
      return RunEmptyServer(settings.empty);
    case Settings::Task::kDrive:
      return RunDrive(settings.drive);
    case Settings::Task::kBenchmark:
      break;
  }
  return RunBenchmark(settings, self);
}

int Fail(const absl::Status& status, int code) {
  std::fputs(fmt::format("suffice_load: {}\n", std::string(status.message())).c_str(), stderr);
  return code;
}

int Main(int argc, char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const absl::StatusOr<Settings> settings = ParseFlags(argc, argv, self.parent_path().string());
  if (!settings.ok()) return Fail(settings.status(), 2);
  if (settings->help) {
    std::fputs(settings->help_text.c_str(), stdout);
    return 0;
  }
  const absl::Status status = RunTask(*settings, self.string());
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace
}  // namespace suffice::load

int main(int argc, char** argv) { return suffice::load::Main(argc, argv); }
