#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "evaluation/example_traffic.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "writes example traffic of our own making, to try things on";
constexpr char kExample[] = "suffice generate-traffic --rows 4000 --seed 1 --out traffic.jsonl";

int Run(const std::vector<std::string>& args, Io& io) {
  constexpr double kMostRows = 1e6;  // the file is put together in memory
  int64_t rows = 4000, seed = 1;
  std::string out;
  Flags flags(
      "generate-traffic",
      "Writes rows for `suffice replay`: prompts of many kinds, each with quality, cost and latency of three made-up "
      "tiers (small, medium, large). The same seed gives the same rows.",
      kExample);
  flags.Add("rows", &rows, {.value = "N", .help = "how many", .range = Between(1, kMostRows)})
      .Add("seed", &seed, {.value = "N", .help = "of everything that is drawn"})
      .Add("out", &out, {.value = "FILE", .help = "the JSON Lines file to write", .required = true});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::Status written = WriteTraffic(ExampleTraffic(static_cast<uint64_t>(seed), rows), out);
  if (!written.ok()) return Fail(io, written);
  io.out << fmt::format("{}: {} rows\n", out, rows);
  return kExitOk;
}

}  // namespace

Command GenerateTrafficCommand() { return {"generate-traffic", kSummary, Run}; }

}  // namespace suffice
