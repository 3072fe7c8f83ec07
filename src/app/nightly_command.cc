#include <fmt/format.h>

#include "app/commands.h"
#include "app/nightly_flags.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "re-evaluates the router: sample, run every tier, judge, refit, gate, promote";
constexpr char kExample[] =
    "suffice nightly --config policies/three_tiers.yaml --db suffice.db --report night.json --html night.html\n"
    "suffice nightly --config policies/three_tiers.yaml --db suffice.db --prompts prompts.jsonl --no-promote";

int Run(const std::vector<std::string>& args, Io& io) {
  NightlyFlags common;
  std::string prompts;
  bool no_promote = false, anew = false, retry_failed = false;
  int64_t seed = 0;
  Flags flags("nightly",
              "Draws prompts, has every tier answer and the judges score them, refits, and promotes the candidate into "
              "the running server if an honest estimate says that it is better; else says why not. A job that was "
              "stopped anywhere goes on where it was: what was paid for is not paid again. Exits with 0 for every "
              "verdict.",
              kExample);
  common.AddTo(flags);
  flags
      .Add(
          "prompts", &prompts,
          {.value = "FILE",
           .help = "draws from this file instead of the log: JSON Lines with \"prompt\", and \"id\", \"reference\" and "
                   "\"tenant\" where there are"})
      .Add("no-promote", &no_promote, {.help = "stop at the verdict"})
      .Add("new", &anew, {.help = "begin another run though the newest has not ended"})
      .Add("retry-failed", &retry_failed, {.help = "ask again what tiers and judges failed to answer"})
      .Add("seed", &seed, {.value = "N", .help = "of a new run's draw; 0: by the run's number", .range = AtLeast(0)});
  common.AddReportTo(flags);
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  auto job = common.Open(prompts, static_cast<uint64_t>(seed), io);
  if (!job.ok()) return Fail(io, job.status());
  if (no_promote) (*job)->DoNotPromote();
  if (retry_failed) (*job)->RetryFailed();
  if (const absl::Status status = (*job)->Resume(anew); !status.ok()) return Fail(io, status);
  io.out << fmt::format("run {}{}\n", (*job)->run().number, (*job)->resumed() ? ", taken up where it was" : "");
  // Steps in their order; new answers or scores send a run back, so what is done is asked each time.
  for (int s = 1; s <= static_cast<int>(kLastStep); ++s) {
    const auto step = static_cast<NightlyStep>(s);
    const bool asks_again = retry_failed && (step == NightlyStep::kRunTiers || step == NightlyStep::kJudge);
    if ((*job)->run().done >= step && !asks_again) continue;
    if (const int code = DoNightlyStep(**job, step, io); code != kExitOk) return code;
  }
  const absl::Status written = common.HandOut(**job);
  return written.ok() ? kExitOk : Fail(io, written);
}

}  // namespace

Command NightlyCommand() { return {"nightly", kSummary, Run}; }

}  // namespace suffice
