#include <memory>

#include "app/commands.h"
#include "app/flags.h"
#include "app/progress.h"
#include "base/status_macros.h"
#include "evaluation/write_file.h"
#include "log/sqlite_log_for_reading.h"
#include "off_policy/evaluate.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "estimates what policies would have been worth on a log's traffic";
constexpr char kExample[] =
    "suffice evaluate --db suffice.db --policy policies/three_tiers.yaml\n"
    "suffice evaluate --db suffice.db --policy now.yaml --policy next.yaml --rewards audited --report values.json";

struct EvaluateFlags {
  std::string db, rewards = "auto", report;
  std::vector<std::string> policies;
  double confidence = 0.95;
  int64_t rows = 20'000;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("evaluate",
                "Estimates quality, cost and late share of policies that did not serve, from the log of one that did: "
                "policy files, always the cheapest tier, always the dearest, random, and five rules of thumb, each "
                "beside the serving policy as it was logged. Doubly robust with models that have not seen the row, and "
                "four other estimators to compare. Says where the log can tell little of a policy.",
                kExample);
    flags.Add("db", &db, {.value = "FILE", .help = "the log; it is only read", .required = true})
        .Add("policy", &policies,
             {.value = "FILE",
              .help = "a policy file, with what it would have learned from the log"})
        .Add(
            "rewards", &rewards,
            {.value = "WHICH",
             .help = "which rewards count. audited: of audited decisions alone; all: every one, as if whether somebody "
                     "speaks did not depend on the answer; auto: audited where there are 200 and nearly all audited "
                     "decisions have one, else all",
             .choices = {"auto", "audited", "all"}})
        .Add("confidence", &confidence, {.value = "P", .help = "of the intervals", .range = Between(0.5, 0.9999)})
        .Add("rows", &rows, {.value = "N", .help = "newest decisions to estimate on", .range = Between(1, 1e7)})
        .Add("report", &report, {.value = "FILE", .help = "writes the estimates as JSON"});
    return flags.Parse(args, io);
  }
};

RewardsFrom RewardsOf(const std::string& name) {
  for (const RewardsFrom rewards : {RewardsFrom::kAudited, RewardsFrom::kAll}) {
    if (name == ToString(rewards)) return rewards;
  }
  return RewardsFrom::kAuto;
}

absl::StatusOr<EvaluateReport> Evaluate(const EvaluateFlags& flags, Io& io) {
  EvaluateOptions options{.rewards = RewardsOf(flags.rewards), .confidence = flags.confidence, .max_rows = flags.rows};
  for (const std::string& path : flags.policies) {
    SUFFICE_ASSIGN_OR_RETURN(Config config, LoadConfig(path));
    options.policies.emplace_back(path, std::move(config));
  }
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLogForReading(flags.db));
  ProgressBar progress(io, "evaluate");
  options.progress = [&progress](double fraction) { progress.Show(fraction); };
  return Evaluate(*log, options);
}

int Run(const std::vector<std::string>& args, Io& io) {
  EvaluateFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<EvaluateReport> report = Evaluate(flags, io);
  if (!report.ok()) return Fail(io, report.status());
  PrintTable(*report, io.out);
  if (flags.report.empty()) return kExitOk;
  const absl::Status written = WriteFileWhole(flags.report, ToJson(*report));
  return written.ok() ? kExitOk : Fail(io, written);
}

}  // namespace

Command EvaluateCommand() { return {"evaluate", kSummary, Run}; }

}  // namespace suffice
