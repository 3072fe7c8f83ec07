#include <fmt/format.h>

#include <chrono>

#include "app/commands.h"
#include "app/play_tally.h"
#include "app/player.h"
#include "app/progress.h"
#include "app/report_flags.h"
#include "app/traffic_config.h"
#include "base/status_macros.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "plays recorded traffic against a running server and measures what it learned";
constexpr char kExample[] =
    "suffice play --address 127.0.0.1:7433 --config policy.yaml --traffic traffic.jsonl --html report.html";
constexpr int64_t kLineEvery = 500;  // decisions, in a pipe

struct PlayFlags {
  ConfigFlags config;
  ConnectionFlags server;
  PlayOptions play;
  std::string traffic;
  ReportFlags report;
  int64_t seed = 1, rows = 0;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("play",
                "Sends each row's prompt to the server, and returns the recorded answer of the tier that it chose as "
                "outcome and "
                "feedback. The policy file is the one the server runs.",
                kExample);
    config.AddTo(flags);
    server.AddTo(flags);
    flags.Add("traffic", &traffic,
             {.value = "FILE", .help = "rows whose every tier's answer is known", .required = true})
        .Add("rows", &rows, {.value = "N", .help = "only so many of the shuffled rows; 0: all", .range = AtLeast(0)})
        .Add("seed", &seed, {.value = "N", .help = "of the shuffle"})
        .Add("feedback-rate", &play.feedback_rate,
             {.value = "F", .help = "share of rewards that are told", .range = Between(0, 1)})
        .Add("in-flight", &play.requests_in_flight,
             {.value = "N", .help = "requests at a time", .range = Between(1, 256)})
        .Add("timeout-s", &play.timeout_s,
             {.value = "S", .help = "longest wait for each answer", .range = Between(0.001, 3600)});
    report.AddTo(flags);
    const std::optional<int> code = flags.Parse(args, io);
    play.seed = static_cast<uint64_t>(seed);
    return code;
  }
};

// The first `rows` of the shuffled traffic; 0: all of it.
Traffic Sample(Traffic traffic, int64_t rows, uint64_t seed) {
  if (rows == 0 || rows >= std::ssize(traffic.rows)) return traffic;
  Traffic sample{.tier_names = traffic.tier_names};
  for (const int row : ShuffledRows(traffic.rows.size(), seed)) {
    if (std::ssize(sample.rows) == rows) break;
    sample.rows.push_back(std::move(traffic.rows[row]));
  }
  return sample;
}

// Tells the latest numbers: a line that is drawn anew on a terminal, now and then a line in a pipe.
class Narrator {
 public:
  Narrator(const Traffic& traffic, const Config& config, Io& io)
      : costs_(MakeQualityCostTable(traffic, config.tiers)), tally_(traffic.tier_names), bar_(io, "play"), io_(io) {}

  void operator()(const PlayedDecision& decision) {
    const QualityCost& answer = costs_[decision.row][decision.tier];
    tally_.Add(decision.tier, answer.quality, answer.cost_usd, decision.snapshot);
    const int64_t done = tally_.decisions();
    const bool last = done == std::ssize(costs_);
    if (io_.err_is_terminal) {
      const auto now = std::chrono::steady_clock::now();
      if (!last && now - drawn_ < std::chrono::milliseconds(100)) return;
      drawn_ = now;
      bar_.Show(static_cast<double>(done) / static_cast<double>(costs_.size()), tally_.Line());
    } else if (last || done % kLineEvery == 0) {
      io_.err << tally_.Line() << std::endl;
    }
  }

 private:
  const QualityCostTable costs_;
  PlayTally tally_;
  ProgressBar bar_;
  Io& io_;
  std::chrono::steady_clock::time_point drawn_;
};

// The report is measured against what --config says, so it should be what the server runs.
absl::Status CheckServer(const PlayOptions& options, const Config& config, Io& io) {
  SUFFICE_ASSIGN_OR_RETURN(const std::string served, ServedConfigHash(options));
  if (served != config.Hash()) {
    io.err << fmt::format("warning: the server runs another configuration ({}) than {} ({})\n", served.substr(0, 12),
                          config.name, config.Hash().substr(0, 12));
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayReport> PlayAndTally(const PlayFlags& flags, Io& io) {
  SUFFICE_ASSIGN_OR_RETURN(ConfiguredTraffic loaded,
                           LoadConfiguredTraffic(flags.config, flags.traffic, /*tiers_from_traffic=*/false));
  const Traffic traffic = Sample(std::move(loaded.traffic), flags.rows, flags.play.seed);
  if (traffic.rows.empty()) return absl::InvalidArgumentError(flags.traffic + ": expected at least one row");
  SUFFICE_RETURN_IF_ERROR(CheckServer(flags.play, loaded.config, io));

  std::vector<ReplayPass> passes;
  {
    Narrator narrator(traffic, loaded.config, io);
    SUFFICE_ASSIGN_OR_RETURN(ReplayPass pass, Play(flags.play, traffic, std::ref(narrator)));
    passes.push_back(std::move(pass));
  }
  ReplayReport report = Tally(loaded.config, traffic, passes);
  report.traffic = flags.traffic;
  report.decide_what = "of a Route round trip";
  return report;
}

int Run(const std::vector<std::string>& args, Io& io) {
  PlayFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  absl::StatusOr<Connection> server = flags.server.Open(io);
  if (!server.ok()) return Fail(io, server.status());
  flags.play.server = *std::move(server);
  const absl::StatusOr<ReplayReport> report = PlayAndTally(flags, io);
  if (!report.ok()) return Fail(io, report.status());
  return flags.report.HandOut(*report, io);
}

}  // namespace

Command PlayCommand() { return {"play", kSummary, Run}; }

}  // namespace suffice
