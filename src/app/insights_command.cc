#include "app/commands.h"
#include "app/config_flags.h"
#include "base/status_macros.h"
#include "evaluation/insights.h"
#include "evaluation/write_file.h"
#include "log/sqlite_log_for_reading.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "tells from a log which features matter, which tier moved and which prompts changed";
constexpr char kExample[] =
    "suffice insights --db suffice.db\n"
    "suffice insights --db suffice.db --config policy.yaml --rows 50000 --newer 0.2 --report insights.json";

struct InsightFlags {
  std::string db, config, report;
  InsightOptions options;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("insights",
                "Looks at a log's newest decisions, also while a server writes it: what each feature does to each "
                "tier's quality, each tier's rewards against what was predicted, and clusters of prompts, in an older "
                "window against a newer one. Prompts are shown only where the log stores them.",
                kExample);
    flags.Add("db", &db, {.value = "FILE", .help = "the log; it is only read", .required = true})
        .Add("config", &config, {.value = "FILE", .help = "the policy file; else that of the newest decision"})
        .Add("rows", &options.rows, {.value = "N", .help = "newest decisions to look at", .range = Between(100, 1e6)})
        .Add("newer", &options.newer_share,
             {.value = "F", .help = "share of them that is the newer window", .range = Between(0.01, 0.99)})
        .Add("clusters", &options.clusters, {.value = "K", .help = "of prompts, at most", .range = Between(1, 100)})
        .Add("discovery-rate", &options.discovery_rate,
             {.value = "F",
              .help = "share of chance among what is marked (Benjamini and Hochberg)",
              .range = Between(0.001, 0.5)})
        .Add("report", &report, {.value = "FILE", .help = "writes the report as JSON"});
    return flags.Parse(args, io);
  }
};

absl::StatusOr<Config> ConfigOfNewest(EventLog& log) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log.LastDecisionSeq());
  std::string hash;
  SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(last - 1, 1, [&hash](const DecisionRecord& decision) {
    hash = decision.config_hash;
    return false;
  }));
  if (hash.empty()) return absl::FailedPreconditionError("the log has no decisions yet");
  SUFFICE_ASSIGN_OR_RETURN(const std::string yaml, log.LoadConfigText(hash));
  return ParseConfig(yaml, "configuration " + hash);
}

absl::StatusOr<InsightReport> Insights(const InsightFlags& flags) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLogForReading(flags.db));
  absl::StatusOr<Config> config =
      flags.config.empty() ? ConfigOfNewest(*log) : ConfigFlags{.path = flags.config}.Load();
  SUFFICE_RETURN_IF_ERROR(config.status());
  SUFFICE_ASSIGN_OR_RETURN(
      const InsightEvidence evidence,
      GatherInsights(*log, std::make_shared<const Config>(*std::move(config)), flags.options.rows));
  return FindInsights(evidence, flags.options);
}

int Run(const std::vector<std::string>& args, Io& io) {
  InsightFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<InsightReport> report = Insights(flags);
  if (!report.ok()) return Fail(io, report.status());
  PrintInsights(*report, io.out);
  if (flags.report.empty()) return kExitOk;
  const absl::Status written = WriteFileWhole(flags.report, ToJson(*report));
  return written.ok() ? kExitOk : Fail(io, written);
}

}  // namespace

Command InsightsCommand() { return {"insights", kSummary, Run}; }

}  // namespace suffice
