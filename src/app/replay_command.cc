#include <fmt/format.h>

#include <fstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "app/commands.h"
#include "app/progress.h"
#include "app/report_flags.h"
#include "app/traffic_config.h"
#include "base/status_macros.h"
#include "evaluation/arrivals.h"
#include "evaluation/replay.h"
#include "evaluation/replay_run.h"
#include "features/sketch.h"
#include "refit/refit.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "runs a policy over recorded traffic and measures it against baselines and the optimum";
constexpr char kExample[] =
    "suffice replay --config policies/three_tiers.yaml --tiers-from-traffic --traffic stream.jsonl --warmup "
    "warmup.jsonl \\\n"
    "  --set policy.kind=igw --set objective.kind=weighted --set objective.cost_weight=100 --seeds 20 --report r.json";

struct ReplayFlags {
  ConfigFlags config;
  std::string traffic, warmup, eval, attack, arrivals, db, feedback = "bandit";
  ReportFlags report;
  bool tiers_from_traffic = false, refit = false;
  std::vector<std::string> events;
  int64_t seed = 1, feedback_delay = 0, window = 0;
  int seeds = 1, threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  double feedback_rate = 1, arrivals_span = 86400;
  int days = 1, attack_prefixes = 100, senders = 0, liars = 0;
  bool senders_by_source = false;
  std::vector<std::string> lies;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("replay",
                "Runs the engine in-process over rows whose every tier's answer is known. Warm-up rows are offline "
                "evaluations (every "
                "tier's quality is shown); of a traffic row only the chosen tier's outcome and quality are shown.",
                kExample);
    config.AddTo(flags);
    flags.Add("traffic", &traffic, {.value = "FILE", .help = "rows to replay, shuffled by seed", .required = true})
        .Add("warmup", &warmup, {.value = "FILE", .help = "rows known before the first decision"})
        .Add("refit", &refit, {.help = "start from a release fitted on the warm-up rows, as the nightly job fits one"})
        .Add("eval", &eval,
             {.value = "FILE", .help = "two tiers: rows to rank by the dearer's predicted gain (APGR, CPT)"})
        .Add("attack", &attack,
             {.value = "FILE",
              .help = "rows whose prompts are attacked after the last decision, by filler, templates and prefixes that are "
                      "optimised on the traffic: how many decisions flip"})
        .Add("attack-prefixes", &attack_prefixes,
             {.value = "N", .help = "optimised prefixes of each direction", .range = AtLeast(0)})
        .Add("tiers-from-traffic", &tiers_from_traffic,
             {.help = "take tiers and prices from the rows instead of the config"})
        .Add("seed", &seed, {.value = "N", .help = "of the first run"})
        .Add("seeds", &seeds, {.value = "K", .help = "runs, each in its own order", .range = AtLeast(1)})
        .Add("feedback", &feedback,
             {.value = "KIND", .help = "what a traffic row shows", .choices = {"bandit", "full"}})
        .Add("feedback-delay", &feedback_delay,
             {.value = "N", .help = "decisions until a reward is told", .range = AtLeast(0)})
        .Add("feedback-rate", &feedback_rate,
             {.value = "F", .help = "share of rewards that are ever told", .range = Between(0, 1)})
        .Add("senders", &senders,
             {.value = "N", .help = "who tell the rewards, one drawn for each decision", .range = AtLeast(0)})
        .Add("senders-by-source", &senders_by_source, {.help = "each source of rows tells its own rewards"})
        .Add("liars", &liars, {.value = "N", .help = "senders that lie, of --senders", .range = AtLeast(0)})
        .Add("lie", &lies, {.value = "TIER=REWARD", .help = "what liars tell of a tier's answers. Repeatable"})
        .Add("arrivals", &arrivals,
             {.value = "FILE", .help = "times of a day's decisions: CSV with TIMESTAMP first, scaled to a day"})
        .Add("arrivals-span", &arrivals_span,
             {.value = "SECONDS", .help = "that the arrivals are scaled to", .range = Between(1, 1e7)})
        .Add("days", &days, {.value = "N", .help = "times that the arrivals' day is repeated", .range = AtLeast(1)})
        .Add("event", &events,
             {.value = "KEY=VALUE,...",
              .help = "a change from a decision on: at=N,tier=NAME and a factor quality=F (of its answers), cost=F (of "
                      "its bills; silent) or price=F (of bills and price list; announced); warmup=true: the warm-up "
                      "rows are so, too. Repeatable"})
        .Add("window", &window,
             {.value = "N", .help = "decisions in a point of the learning curve; 0: 40 points", .range = AtLeast(0)})
        .Add("db", &db,
             {.value = "FILE",
              .help = "leaves the first run's log here, as a server would: serve, plan and rebuild go on from it. The "
                      "file must not be there yet; prompts are in it with --set log.prompts=full"})
        .Add("threads", &threads, {.value = "N", .help = "runs at a time", .range = AtLeast(1)});
    report.AddTo(flags);
    return flags.Parse(args, io);
  }
};

// A release fitted on the warm-up rows, as evaluations of every tier.
absl::Status StartOnRefit(ReplayOptions& options) {
  if (!options.warmup) return InvalidField("refit", "expected --warmup with it: rows to fit on");
  std::vector<Evaluation> evaluations;
  for (const TrafficRow& row : options.warmup->rows) {
    Evaluation evaluation{.id = row.id, .input_tokens_estimate = EstimateTokens(row.prompt)};
    Sketch sketch;
    SketchText(row.prompt, kReplaySalt, sketch);
    sketch.extras.assign(static_cast<size_t>(ExtrasLength(options.config.features)), 0.0F);
    evaluation.sketch = sketch.Encode();
    for (size_t k = 0; k < row.tiers.size(); ++k) {
      const TrafficTier& tier = row.tiers[k];
      if (!tier.known) continue;
      evaluation.answers[options.config.tiers[k].name] = {.reward = tier.quality,
                                                          .cost_usd = tier.cost_usd.value_or(0),
                                                          .input_tokens = tier.input_tokens.value_or(0),
                                                          .output_tokens = tier.output_tokens.value_or(0),
                                                          .latency_ms = tier.latency_ms.value_or(0)};
    }
    evaluations.push_back(std::move(evaluation));
  }
  const std::unique_ptr<EventLog> nothing = NewMemoryLog(kReplaySalt);
  SUFFICE_ASSIGN_OR_RETURN(
      Refitted refitted, Refit(*nothing, options.config, evaluations,
                               {.effective_size = options.config.nightly.effective_size, .threads = options.threads}));
  options.release = std::make_shared<const Release>(std::move(refitted.release));
  SUFFICE_ASSIGN_OR_RETURN(options.config, WithOverrides(options.config, *options.release));
  return absl::OkStatus();
}

absl::StatusOr<ReplaySenders> SendersOf(const ReplayFlags& flags, const Config& config) {
  ReplaySenders senders{.count = flags.senders, .by_source = flags.senders_by_source, .liars = flags.liars};
  if (senders.count > 0 && senders.by_source) return InvalidField("senders-by-source", "expected no --senders with it");
  if (senders.liars > senders.count) {
    return InvalidField("liars", fmt::format("expected at most the {} of --senders", senders.count));
  }
  for (const std::string& text : flags.lies) {
    const size_t equals = text.rfind('=');
    double reward = -1;
    const bool read = equals != std::string::npos && absl::SimpleAtod(text.substr(equals + 1), &reward);
    if (!read || !(reward >= 0 && reward <= 1) || config.TierIndex(text.substr(0, equals)) < 0) {
      return InvalidField("lie", fmt::format("expected TIER=REWARD with a tier's name and a reward in [0, 1], got \"{}\"", text));
    }
    senders.lies.emplace_back(text.substr(0, equals), reward);
  }
  return senders;
}

absl::StatusOr<ReplayOptions> OptionsOf(const ReplayFlags& flags) {
  SUFFICE_ASSIGN_OR_RETURN(ConfiguredTraffic loaded,
                           LoadConfiguredTraffic(flags.config, flags.traffic, flags.tiers_from_traffic));
  ReplayOptions options;
  options.config = std::move(loaded.config);
  options.traffic = std::move(loaded.traffic);
  const std::vector<std::string> names = TierNames(options.config);
  if (!flags.warmup.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(options.warmup, ReadTraffic(flags.warmup, names, /*tiers_may_lack=*/true));
  }
  if (!flags.eval.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(options.eval, ReadTraffic(flags.eval, names));
  }
  if (!flags.attack.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(options.attack, ReadTraffic(flags.attack, names));
  }
  options.attack_prefixes = flags.attack_prefixes;
  if (!flags.arrivals.empty()) {
    options.arrivals_span_us = static_cast<int64_t>(flags.arrivals_span * 1e6);
    SUFFICE_ASSIGN_OR_RETURN(options.arrivals_us, ReadArrivals(flags.arrivals, options.arrivals_span_us));
  }
  options.db = flags.db;
  options.days = flags.days;
  options.seed = static_cast<uint64_t>(flags.seed);
  options.seeds = flags.seeds;
  options.threads = flags.threads;
  options.full_feedback = flags.feedback == "full";
  options.feedback_delay = flags.feedback_delay;
  options.feedback_rate = flags.feedback_rate;
  options.window = flags.window;
  SUFFICE_ASSIGN_OR_RETURN(options.senders, SendersOf(flags, options.config));
  for (const std::string& text : flags.events) {
    SUFFICE_ASSIGN_OR_RETURN(options.events.emplace_back(), ParseReplayEvent(text));
  }
  if (flags.refit) SUFFICE_RETURN_IF_ERROR(StartOnRefit(options));
  return options;
}

int Run(const std::vector<std::string>& args, Io& io) {
  ReplayFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  absl::StatusOr<ReplayOptions> options = OptionsOf(flags);
  if (!options.ok()) return Fail(io, options.status());
  absl::StatusOr<ReplayReport> report;
  {
    ProgressBar progress(io, "replay");
    options->progress = [&progress](double fraction) { progress.Show(fraction); };
    report = Replay(*options);
  }
  if (!report.ok()) return Fail(io, report.status());
  report->traffic = flags.traffic;
  return flags.report.HandOut(*report, io);
}

}  // namespace

Command ReplayCommand() { return {"replay", kSummary, Run}; }

}  // namespace suffice
