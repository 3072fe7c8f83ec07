// The steps of the nightly job as commands of their own: sample, run-tiers, judge, gate.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/nightly_flags.h"

namespace suffice {
namespace {

int RunSample(const std::vector<std::string>& args, Io& io) {
  NightlyFlags common;
  std::string prompts;
  bool anew = false;
  int64_t seed = 0;
  Flags flags("sample",
              "Begins a run of the nightly job: draws nightly.sample prompts with known probabilities, from the log's "
              "stored prompts (log.prompts: full) or from a file.",
              "suffice sample --config policies/three_tiers.yaml --db suffice.db\n"
              "suffice sample --config policies/three_tiers.yaml --db suffice.db --prompts prompts.jsonl");
  common.AddTo(flags);
  flags.Add("prompts", &prompts, {.value = "FILE", .help = "draws from this file of JSON Lines instead of the log"})
      .Add("new", &anew, {.help = "begin another run though the newest has not ended"})
      .Add("seed", &seed, {.value = "N", .help = "of a new run's draw; 0: by the run's number", .range = AtLeast(0)});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  auto job = common.Open(prompts, static_cast<uint64_t>(seed), io);
  if (!job.ok()) return Fail(io, job.status());
  if (const absl::Status status = (*job)->Resume(anew); !status.ok()) return Fail(io, status);
  return DoNightlyStep(**job, NightlyStep::kSample, io);
}

// run-tiers and judge.
int RunPaidStep(NightlyStep step, const char* summary, const std::vector<std::string>& args, Io& io) {
  NightlyFlags common;
  bool retry_failed = false;
  const std::string name(ToString(step));
  Flags flags(name, summary, fmt::format("suffice {} --config policies/three_tiers.yaml --db suffice.db", name));
  common.AddTo(flags);
  common.AddRunTo(flags);
  flags.Add("retry-failed", &retry_failed, {.help = "ask again what failed"});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  auto job = common.Open("", 0, io);
  if (!job.ok()) return Fail(io, job.status());
  if (retry_failed) (*job)->RetryFailed();
  if (const absl::Status status = (*job)->Take(common.run); !status.ok()) return Fail(io, status);
  return DoNightlyStep(**job, step, io);
}

constexpr char kRunTiersWords[] =
    "Sends every sample of a run to every tier that has not answered it. Answers are kept one by one; "
    "nightly.run_budget_usd is not exceeded.";
constexpr char kJudgeWords[] =
    "Has every answer of a run scored by every judge of the configuration that has not scored it at its version; "
    "nightly.judge_budget_usd is not exceeded.";

int RunTiersCommandBody(const std::vector<std::string>& args, Io& io) {
  return RunPaidStep(NightlyStep::kRunTiers, kRunTiersWords, args, io);
}
int JudgeCommandBody(const std::vector<std::string>& args, Io& io) {
  return RunPaidStep(NightlyStep::kJudge, kJudgeWords, args, io);
}

int RunGate(const std::vector<std::string>& args, Io& io) {
  NightlyFlags common;
  Flags flags("gate",
              "Judges the candidate of a run (fitted first, if it is not yet) against the serving policy, on prompts "
              "that the refit has not seen: promote, keep, or not enough evidence. Promotes nothing.",
              "suffice gate --config policies/three_tiers.yaml --db suffice.db --report gate.json --html gate.html");
  common.AddTo(flags);
  common.AddRunTo(flags);
  common.AddReportTo(flags);
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  auto job = common.Open("", 0, io);
  if (!job.ok()) return Fail(io, job.status());
  if (const absl::Status status = (*job)->Take(common.run); !status.ok()) return Fail(io, status);
  if ((*job)->run().done < NightlyStep::kRefit) {
    if (const int code = DoNightlyStep(**job, NightlyStep::kRefit, io); code != kExitOk) return code;
  }
  if (const int code = DoNightlyStep(**job, NightlyStep::kGate, io); code != kExitOk) return code;
  const absl::Status written = common.HandOut(**job);
  return written.ok() ? kExitOk : Fail(io, written);
}

}  // namespace

Command SampleCommand() { return {"sample", "nightly, step 1: draws prompts with known probabilities", RunSample}; }
Command RunTiersCommand() { return {"run-tiers", "nightly, step 2: has every tier answer them", RunTiersCommandBody}; }
Command JudgeCommand() { return {"judge", "nightly, step 3: has the answers scored", JudgeCommandBody}; }
Command GateCommand() { return {"gate", "nightly, step 5: judges the refit against what serves", RunGate}; }

}  // namespace suffice
