#include "absl/strings/str_join.h"
#include "app/commands.h"
#include "app/progress.h"
#include "app/traffic_config.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "evaluation/plan.h"
#include "evaluation/plan_page.h"
#include "log/sqlite_log_for_reading.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "shows what the limits will do before they are in force, and what each of them costs";
constexpr char kExample[] =
    "suffice plan --config policies/limits.yaml --db suffice.db --html plan.html\n"
    "suffice plan --config policies/three_tiers.yaml --tiers-from-traffic --traffic traffic.jsonl \\\n"
    "  --set objective.kind=max_quality --set limits.cost.mean_usd=3.5e-4 --set limits.latency.p95_ms=12000 \\\n"
    "  --what-if limits.cost.mean_usd=7e-4 --what-if objective.kind=min_cost,limits.quality.floor=0.9";

struct PlanFlags {
  ConfigFlags config;
  std::string db, traffic, warmup, report, html;
  std::vector<std::string> what_if;
  bool tiers_from_traffic = false;
  int64_t rows = 4000;
  double requests_per_day = 0;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("plan",
                "Computes the best policy within the limits of the policy file on a sample of the traffic: a log's, "
                "also while a server writes it, or recorded traffic. Says where the policy is today, which limit "
                "binds, what loosening it would buy, and what other limits would do.",
                kExample);
    config.AddTo(flags);
    flags.Add("db", &db, {.value = "FILE", .help = "the log; it is only read"})
        .Add("traffic", &traffic, {.value = "FILE", .help = "recorded traffic, with every tier's answer"})
        .Add("warmup", &warmup, {.value = "FILE", .help = "with --traffic: more rows to learn from, not planned for"})
        .Add("tiers-from-traffic", &tiers_from_traffic,
             {.help = "take tiers and prices from the rows instead of the config"})
        .Add("what-if", &what_if,
             {.value = "KEY=VALUE[,KEY=VALUE...]",
              .help = "another configuration to show beside; may be given several times"})
        .Add("rows", &rows, {.value = "N", .help = "with --db: newest decisions to plan for", .range = Between(1, 1e6)})
        .Add("requests-per-day", &requests_per_day,
             {.value = "N", .help = "for budgets and dollars a day; 0: as the log's times say", .range = AtLeast(0)})
        .Add("report", &report, {.value = "FILE", .help = "writes the plan as JSON"})
        .Add("html", &html, {.value = "FILE", .help = "writes the plan as one HTML page with pictures"});
    return flags.Parse(args, io);
  }
};

// "a=1,b=[2,3]" at its commas, but for those within brackets, braces or quotes.
std::vector<std::string> SplitOverrides(const std::string& text) {
  std::vector<std::string> parts{""};
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth <= 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  return parts;
}

// An alternative's errors are about the flag, not about a file.
absl::StatusOr<PlanAlternative> ReadAlternative(const Config& config, const std::string& text) {
  absl::StatusOr<Config> changed = ParseConfig(ConfigToYaml(config), "--what-if", SplitOverrides(text));
  if (!changed.ok()) {
    std::string words(changed.status().message());
    for (size_t at; (at = words.find("--set ")) != std::string::npos;) words.replace(at, 6, "--what-if ");
    return absl::Status(changed.status().code(), words);
  }
  return PlanAlternative{absl::StrJoin(SplitOverrides(text), ", "), *std::move(changed)};
}

struct Loaded {
  Config config;
  std::optional<Traffic> traffic, warmup;
  std::unique_ptr<EventLog> log;
};

absl::StatusOr<Loaded> Load(const PlanFlags& flags) {
  Loaded loaded;
  if (flags.traffic.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(loaded.config, flags.config.Load());
    SUFFICE_ASSIGN_OR_RETURN(loaded.log, OpenSqliteLogForReading(flags.db));
    return loaded;
  }
  SUFFICE_ASSIGN_OR_RETURN(ConfiguredTraffic configured,
                           LoadConfiguredTraffic(flags.config, flags.traffic, flags.tiers_from_traffic));
  loaded.config = std::move(configured.config);
  loaded.traffic = std::move(configured.traffic);
  if (!flags.warmup.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(loaded.warmup, ReadTraffic(flags.warmup, TierNames(loaded.config)));
  }
  return loaded;
}

absl::StatusOr<PlanReport> Plan(const PlanFlags& flags, const Loaded& loaded, Io& io) {
  PlanOptions options{.config = loaded.config,
                      .requests_a_day = flags.requests_per_day,
                      .now_us = Clock::System()->NowMicros()};
  for (const std::string& text : flags.what_if) {
    SUFFICE_ASSIGN_OR_RETURN(PlanAlternative alternative, ReadAlternative(loaded.config, text));
    options.alternatives.push_back(std::move(alternative));
  }
  options.gather = [&](const Config& config) {
    if (loaded.log != nullptr) return EvidenceFromLog(*loaded.log, config, flags.rows);
    return EvidenceFromTraffic(config, *loaded.traffic, loaded.warmup ? &*loaded.warmup : nullptr);
  };
  ProgressBar progress(io, "plan");
  options.progress = [&progress](double fraction) { progress.Show(fraction); };
  return MakePlan(options);
}

int WrongUsage(Io& io, const char* what) {
  io.err << "suffice plan: " << what << "\n";
  return kExitUsage;
}

int Run(const std::vector<std::string>& args, Io& io) {
  PlanFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  if (flags.db.empty() == flags.traffic.empty()) return WrongUsage(io, "expected either --db or --traffic");
  if (!flags.db.empty() && !flags.warmup.empty()) return WrongUsage(io, "--warmup goes with --traffic");
  if (!flags.db.empty() && flags.tiers_from_traffic) {
    return WrongUsage(io, "--tiers-from-traffic goes with --traffic");
  }
  const absl::StatusOr<Loaded> loaded = Load(flags);
  if (!loaded.ok()) return Fail(io, loaded.status());
  const absl::StatusOr<PlanReport> report = Plan(flags, *loaded, io);
  if (!report.ok()) return Fail(io, report.status());
  PrintTable(*report, io.out);
  if (!flags.report.empty()) {
    if (const absl::Status status = WriteJson(*report, flags.report); !status.ok()) return Fail(io, status);
  }
  if (!flags.html.empty()) {
    if (const absl::Status status = WriteHtml(*report, flags.html); !status.ok()) return Fail(io, status);
  }
  return kExitOk;
}

}  // namespace

Command PlanCommand() { return {"plan", kSummary, Run}; }

}  // namespace suffice
