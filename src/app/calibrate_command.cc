#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/config_flags.h"
#include "base/status_macros.h"
#include "evaluation/traffic.h"
#include "evaluation/write_file.h"
#include "features/sketch.h"
#include "learner/learner.h"
#include "log/sqlite_log_for_reading.h"
#include "policy/policy.h"
#include "refit/refit.h"
#include "refit/threshold_calibration.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "finds the alpha of policy threshold for a share of strong calls, or of the quality gap";
constexpr char kExample[] =
    "suffice calibrate --config P.yaml --db suffice.db --strong-share 0.5\n"
    "suffice calibrate --config P.yaml --db suffice.db --quality 0.95\n"
    "suffice calibrate --config P.yaml --traffic rows.jsonl --strong-share 0.5";
constexpr double kZ95 = 1.959963984540054;

struct CalibrateFlags {
  ConfigFlags config;
  std::string db, traffic, report;
  double strong_share = -1, quality = -1;
  int64_t release = -1, newest = 20'000;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("calibrate",
                "Prints the alpha that sends a share of the prompts to the strong tier: of a log's newest traffic, or "
                "of a file's rows. With --quality the least share that recovers this much of the difference between "
                "the two tiers, by prompts that both of them answered, else by the models' own predictions. "
                "Put it into the policy file, or see `suffice refit --strong-share`.",
                kExample);
    config.AddTo(flags);
    flags.Add("db", &db, {.value = "FILE", .help = "the log that the models learned from"})
        .Add("traffic", &traffic,
             {.value = "FILE",
              .help = "rows in place of the log's newest traffic; without --db models are fitted on them"})
        .Add("strong-share", &strong_share,
             {.value = "F", .help = "wanted share of strong calls", .range = Between(0, 1)})
        .Add("quality", &quality, {.value = "F", .help = "wanted share of the quality gap", .range = Between(0, 1)})
        .Add("release", &release,
             {.value = "N", .help = "by the models of this release; without it, those in force", .range = AtLeast(0)})
        .Add("newest", &newest, {.value = "N", .help = "decisions of the log to look at", .range = AtLeast(1)})
        .Add("report", &report, {.value = "FILE", .help = "writes the answer as JSON"});
    return flags.Parse(args, io);
  }
};

// One prompt: its features, and both tiers' rewards where they are known.
struct Prompt {
  std::vector<float> x;
  std::optional<double> strong, weak;
};

struct Answer {
  FoundThreshold found;
  ThresholdConfig threshold;
  double share_before = 0;  // at the configured alpha
  bool by_answers = false;  // the gap is that of answers, not of predictions
};

std::vector<Evaluation> EvaluationsOf(const Traffic& traffic, const Config& config, uint64_t salt) {
  std::vector<Evaluation> evaluations;
  Sketch sketch;
  for (const TrafficRow& row : traffic.rows) {
    SketchText(row.prompt, salt, sketch);
    sketch.extras.assign(static_cast<size_t>(ExtrasLength(config.features)), 0.0F);
    Evaluation evaluation{.id = row.id, .sketch = sketch.Encode(), .input_tokens_estimate = EstimateTokens(row.prompt)};
    for (size_t k = 0; k < row.tiers.size(); ++k) {
      if (row.tiers[k].known) evaluation.answers[traffic.tier_names[k]].reward = row.tiers[k].quality;
    }
    evaluations.push_back(std::move(evaluation));
  }
  return evaluations;
}

// The learner whose models will serve.
absl::StatusOr<Learner> ServingLearner(EventLog& log, const Config& config, int64_t release) {
  const auto shared = std::make_shared<const Config>(config);
  auto learner = release >= 0 ? Learner::Begin(&log, shared, release) : Learner::Resume(&log, shared);
  if (!learner.ok()) return learner.status();
  SUFFICE_RETURN_IF_ERROR(learner->CatchUpFully());
  return learner;
}

absl::StatusOr<std::vector<Prompt>> NewestPrompts(EventLog& log, const Learner& learner, int64_t newest) {
  Statistics projector(learner.features(), 0);
  std::vector<Prompt> prompts;
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log.LastDecisionSeq());
  for (int64_t after = std::max<int64_t>(0, last - newest); after < last;) {
    const int64_t page_start = after;
    SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(after, 4096, [&](const DecisionRecord& decision) {
      after = decision.seq;
      if (decision.origin == DecisionOrigin::kEval) return true;
      const std::span<const float> x = projector.Project(decision);
      if (!x.empty()) prompts.push_back({.x = {x.begin(), x.end()}});
      return true;
    }));
    if (after == page_start) break;
  }
  return prompts;
}

std::vector<Prompt> PromptsOf(const std::vector<Evaluation>& evaluations, const ThresholdConfig& threshold,
                              const FeatureSet& features) {
  std::vector<Prompt> prompts;
  for (const Evaluation& evaluation : evaluations) {
    const auto sketch = Sketch::Decode(evaluation.sketch);
    if (!sketch.ok()) continue;
    Prompt prompt{.x = std::vector<float>(static_cast<size_t>(features.dimensions()))};
    features.Compute(*sketch, prompt.x);
    const auto strong = evaluation.answers.find(threshold.strong), weak = evaluation.answers.find(threshold.weak);
    if (strong != evaluation.answers.end()) prompt.strong = strong->second.reward;
    if (weak != evaluation.answers.end()) prompt.weak = weak->second.reward;
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

// `fresh`: the models have not seen the prompts' answers.
absl::StatusOr<Answer> Find(const Snapshot& snapshot, const std::vector<Prompt>& prompts, bool fresh,
                            const WantedThreshold& wanted) {
  const Config& config = *snapshot.config;
  Answer answer{.threshold = config.policy.threshold};
  const TierModel& strong = snapshot.models[static_cast<size_t>(config.TierIndex(answer.threshold.strong))];
  const TierModel& weak = snapshot.models[static_cast<size_t>(config.TierIndex(answer.threshold.weak))];
  std::vector<double> wins;
  std::vector<GapRow> answered, predicted;
  for (const Prompt& prompt : prompts) {
    const double gain = strong.PredictMeans(prompt.x, 1, 0, {}).quality - weak.PredictMeans(prompt.x, 1, 0, {}).quality;
    wins.push_back(StrongWins(answer.threshold, gain));
    predicted.push_back({wins.back(), gain});
    if (fresh && prompt.strong && prompt.weak) answered.push_back({wins.back(), *prompt.strong - *prompt.weak});
  }
  constexpr size_t kFewestAnswered = 100;
  answer.by_answers = answered.size() >= kFewestAnswered;
  SUFFICE_ASSIGN_OR_RETURN(answer.found, FindThreshold(wins, answer.by_answers ? answered : predicted, wanted));
  const auto before =
      std::count_if(wins.begin(), wins.end(), [&](double win) { return win >= answer.threshold.alpha; });
  answer.share_before = static_cast<double>(before) / static_cast<double>(wins.size());
  return answer;
}

absl::StatusOr<Answer> Calibrate(const CalibrateFlags& flags, const Config& config) {
  if (config.policy.kind != PolicyKind::kThreshold) {
    return InvalidField("policy.kind",
                        "expected threshold: other policies have no alpha (try --set policy.kind=threshold)");
  }
  WantedThreshold wanted;
  if (flags.strong_share >= 0) wanted.strong_share = flags.strong_share;
  if (flags.quality >= 0) wanted.quality = flags.quality;
  std::vector<std::string> names;
  for (const Tier& tier : config.tiers) names.push_back(tier.name);
  if (flags.db.empty()) {
    constexpr uint64_t kSalt = 1;
    SUFFICE_ASSIGN_OR_RETURN(const Traffic traffic, ReadTraffic(flags.traffic, names));
    const std::vector<Evaluation> evaluations = EvaluationsOf(traffic, config, kSalt);
    const std::unique_ptr<EventLog> nothing = NewMemoryLog(kSalt);
    SUFFICE_ASSIGN_OR_RETURN(Refitted refitted,
                             Refit(*nothing, config, evaluations, {.effective_size = config.nightly.effective_size}));
    const auto release = std::make_shared<const Release>(std::move(refitted.release));
    SUFFICE_ASSIGN_OR_RETURN(Config tuned, WithOverrides(config, *release));
    Learner learner(nothing.get(), std::make_shared<const Config>(std::move(tuned)), release);
    return Find(*learner.NextSnapshot(), PromptsOf(evaluations, config.policy.threshold, *learner.features()),
                /*fresh=*/false, wanted);
  }
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLogForReading(flags.db));
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, ServingLearner(*log, config, flags.release));
  std::vector<Prompt> prompts;
  if (flags.traffic.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(prompts, NewestPrompts(*log, learner, flags.newest));
  } else {
    SUFFICE_ASSIGN_OR_RETURN(const Traffic traffic, ReadTraffic(flags.traffic, names));
    prompts = PromptsOf(EvaluationsOf(traffic, config, log->salt()), config.policy.threshold, *learner.features());
  }
  return Find(*learner.NextSnapshot(), prompts, /*fresh=*/true, wanted);
}

std::string ToJson(const Answer& answer) {
  const FoundThreshold& found = answer.found;
  const nlohmann::ordered_json json = {{"alpha", found.alpha},
                                       {"intercept", answer.threshold.intercept},
                                       {"slope", answer.threshold.slope},
                                       {"strong_share", found.strong_share},
                                       {"strong_share_error", found.strong_share_error},
                                       {"prompts", found.prompts},
                                       {"gap_recovered", found.gap_recovered},
                                       {"gap_error", found.gap_error},
                                       {"gap_by", answer.by_answers ? "answers" : "predictions"},
                                       {"gap_rows", found.gap_rows},
                                       {"alpha_before", answer.threshold.alpha},
                                       {"strong_share_before", answer.share_before}};
  return json.dump(2) + "\n";
}

void Print(const Answer& answer, Io& io) {
  const FoundThreshold& found = answer.found;
  io.out << fmt::format("policy.threshold.alpha={:.6f}\n", found.alpha);
  io.out << fmt::format("strong calls      {:.4f} of {} prompts; on as many fresh ones +-{:.4f} (95%)\n",
                        found.strong_share, found.prompts, kZ95 * found.strong_share_error);
  if (found.gap_rows > 0) {
    io.out << fmt::format("quality gap       {:.1f}% +-{:.1f} (95%), by {} {}\n", 100 * found.gap_recovered,
                          100 * kZ95 * found.gap_error, found.gap_rows,
                          answer.by_answers ? "prompts that both tiers answered"
                                            : "predictions: an opinion of the models, not a measurement");
  }
  io.out << fmt::format("at present        alpha {:.6f} gives a strong share of {:.4f}\n", answer.threshold.alpha,
                        answer.share_before);
}

int Run(const std::vector<std::string>& args, Io& io) {
  CalibrateFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  if (flags.db.empty() && flags.traffic.empty()) {
    io.err << "suffice calibrate: expected --db, --traffic, or both\n";
    return kExitUsage;
  }
  if ((flags.strong_share >= 0) == (flags.quality >= 0)) {
    io.err << "suffice calibrate: expected either --strong-share or --quality\n";
    return kExitUsage;
  }
  const absl::StatusOr<Config> config = flags.config.Load();
  if (!config.ok()) return Fail(io, config.status());
  const absl::StatusOr<Answer> answer = Calibrate(flags, *config);
  if (!answer.ok()) return Fail(io, answer.status());
  if (!flags.report.empty()) {
    if (const absl::Status written = WriteFileWhole(flags.report, ToJson(*answer)); !written.ok()) {
      return Fail(io, written);
    }
  }
  Print(*answer, io);
  return kExitOk;
}

}  // namespace

Command CalibrateCommand() { return {"calibrate", kSummary, Run}; }

}  // namespace suffice
