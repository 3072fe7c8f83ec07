#include "flags.h"

#include <boost/program_options.hpp>
#include <sstream>
#include <string_view>

namespace suffice::load {
namespace po = boost::program_options;

namespace {

template <typename... Args>
absl::Status Parse(const po::options_description& flags, Args... args) {
  try {
    po::variables_map seen;
    po::store(po::command_line_parser(args...).options(flags).positional({}).run(), seen);
    po::notify(seen);
    return absl::OkStatus();
  } catch (const po::error& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

absl::StatusOr<Settings> ParseEmptyServer(int argc, char** argv) {
  Settings settings{.task = Settings::Task::kEmptyServer};
  po::options_description flags;
  flags.add_options()("answer", po::value(&settings.empty.answer_file)->required())(
      "stall-after", po::value(&settings.empty.stall_after))("stall-ms", po::value(&settings.empty.stall_ms));
  if (const absl::Status parsed = Parse(flags, argc, argv); !parsed.ok()) return parsed;
  return settings;
}

absl::StatusOr<Settings> ParseDrive(int argc, char** argv) {
  Settings settings{.task = Settings::Task::kDrive};
  DriveOptions& drive = settings.drive;
  po::options_description flags;
  flags.add_options()("address", po::value(&drive.address)->required())("per-second", po::value(&drive.per_second))(
      "outstanding", po::value(&drive.outstanding))("seconds", po::value(&drive.seconds));
  if (const absl::Status parsed = Parse(flags, argc, argv); !parsed.ok()) return parsed;
  if (drive.outstanding < 1) return absl::InvalidArgumentError("--outstanding: expected 1 or more");
  if (!(drive.per_second >= 0)) return absl::InvalidArgumentError("--per-second: expected 0 or more");
  if (!(drive.seconds > 0)) return absl::InvalidArgumentError("--seconds: expected more than 0");
  return settings;
}

absl::StatusOr<Settings> ParseBenchmark(int argc, char** argv, const std::string& folder) {
  Settings settings;
  bool quick = false, smallest = false;
  int log_rows = 0;
  std::string only;
  po::options_description flags("Flags");
  flags.add_options()("help", po::bool_switch(&settings.help), "show this")(
      "quick", po::bool_switch(&quick), "fewer and shorter runs, a shorter log")(
      "smallest", po::bool_switch(&smallest), "a few seconds, for a test: the numbers mean nothing")(
      "only", po::value(&only), ("measure these parts alone, with commas between: " + NamesOfParts()).c_str())(
      "report", po::value(&settings.report), "write the report there, as JSON (required)")(
      "html", po::value(&settings.html), "write a page with pictures there")(
      "log-rows", po::value(&log_rows)->notifier([](int rows) {
        if (rows < 1) throw po::error("--log-rows: expected 1 or more");
      }),
      "decisions in the long log, instead of 1000000 (--quick: 20000); each takes 2.3 KB of disk")(
      "suffice", po::value(&settings.suffice)->default_value(folder + "/suffice"), "the binary to measure")(
      "work", po::value(&settings.work)->default_value(folder + "/bench"),
      "folder for the logs, on a disk; it is emptied, and removed at the end")(
      "keep", po::bool_switch(&settings.keep), "do not remove it");
  const absl::Status parsed = Parse(flags, argc, argv);
  if (!parsed.ok()) return parsed;
  std::ostringstream text;
  text << "suffice_load --report FILE [--html FILE] [--quick] [--only PART,...]\n"
          "Measures decisions in process, Route beside an empty rpc, feedback, start and rebuild.\n\n"
          "suffice_load drive --address HOST:PORT [--outstanding N | --per-second R] [--seconds S]\n"
          "Sends prompts to a server that runs already, in a closed or an open loop, and tells the latencies.\n\n"
       << flags;
  settings.help_text = text.str();
  if (settings.help) return settings;
  if (settings.report.empty()) return absl::InvalidArgumentError("--report: expected a file to write");
  if (quick && smallest) return absl::InvalidArgumentError("--quick: not together with --smallest");
  settings.parts = AllParts();
  if (!only.empty()) {
    auto parts = ParseParts(only);
    if (!parts.ok()) return parts.status();
    settings.parts = *std::move(parts);
  }
  if (!settings.html.empty() && settings.parts != AllParts()) {
    return absl::InvalidArgumentError("--html: not together with --only, as the page shows every part");
  }
  settings.sizes = smallest ? SmallestSizes() : quick ? QuickSizes() : FullSizes();
  if (log_rows > 0) settings.sizes.log_rows = log_rows;
  return settings;
}

}  // namespace

absl::StatusOr<Settings> ParseFlags(int argc, char** argv, const std::string& folder) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "empty-server") return ParseEmptyServer(argc - 1, argv + 1);
  if (first == "drive") return ParseDrive(argc - 1, argv + 1);
  return ParseBenchmark(argc, argv, folder);
}

}  // namespace suffice::load
