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

}  // namespace

absl::StatusOr<Settings> ParseFlags(int argc, char** argv, const std::string& folder) {
  Settings settings;
  if (argc > 1 && std::string_view(argv[1]) == "empty-server") {
    settings.empty_server = true;
    po::options_description flags;
    flags.add_options()("answer", po::value(&settings.empty.answer_file)->required())(
        "stall-after", po::value(&settings.empty.stall_after))("stall-ms", po::value(&settings.empty.stall_ms));
    const absl::Status parsed = Parse(flags, argc - 1, argv + 1);
    if (!parsed.ok()) return parsed;
    return settings;
  }
  bool quick = false, smallest = false;
  po::options_description flags("Flags");
  flags.add_options()("help", po::bool_switch(&settings.help), "show this")(
      "quick", po::bool_switch(&quick), "fewer and shorter runs, a short log: about two minutes")(
      "smallest", po::bool_switch(&smallest), "a few seconds, for a test: the numbers mean nothing")(
      "report", po::value(&settings.report), "write the report there, as JSON (required)")(
      "html", po::value(&settings.html), "write a page with pictures there")(
      "suffice", po::value(&settings.suffice)->default_value(folder + "/suffice"), "the binary to measure")(
      "work", po::value(&settings.work)->default_value(folder + "/bench"),
      "folder for the logs, on a disk; it is emptied, and removed at the end");
  const absl::Status parsed = Parse(flags, argc, argv);
  if (!parsed.ok()) return parsed;
  std::ostringstream text;
  text << "suffice_load --report FILE [--html FILE] [--quick]\n"
          "Measures decisions in process, Route beside an empty rpc, feedback, start and rebuild.\n\n"
       << flags;
  settings.help_text = text.str();
  if (settings.help) return settings;
  if (settings.report.empty()) return absl::InvalidArgumentError("--report: expected a file to write");
  if (quick && smallest) return absl::InvalidArgumentError("--quick: not together with --smallest");
  settings.sizes = smallest ? SmallestSizes() : quick ? QuickSizes() : FullSizes();
  return settings;
}

}  // namespace suffice::load
