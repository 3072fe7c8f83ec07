// A run's samples with what every tier answered and what the judges, less their bias, think of it.
// Thread contract: pure but for reading the work file and the log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/event_log.h"
#include "nightly/work_file.h"
#include "off_policy/judge_bias.h"
#include "refit/refit.h"
#include "suffice/config.h"

namespace suffice {

struct EvaluatedAnswer {
  std::optional<double> score;   // the judges', weighted
  std::optional<double> reward;  // less the bias of the judges where it is known; may lie a little outside of [0, 1]
  double cost_usd = 0;
  int64_t input_tokens = 0, output_tokens = 0;
  double latency_ms = 0;
};

struct EvaluatedSample {
  NightlySample sample;
  bool held_out = false;                           // only the gate sees it
  std::map<std::string, EvaluatedAnswer> answers;  // by tier, the ok ones
};

// What the gate cannot use, by tier.
struct TierFailures {
  int64_t errors = 0;  // calls that failed, timeouts too
  int64_t refusals = 0;
  int64_t wrong_model = 0;  // another model answered
  int64_t unscored = 0;     // ok answers that no judge gave a score
};

struct Evaluations {
  std::vector<EvaluatedSample> samples;
  std::map<std::string, JudgeBias> bias;  // by tier; of samples whose logged decision has a user's feedback
  std::map<std::string, TierFailures> failures;
};

// Whether the bias of every tier is known: else rewards are on the judges' scale, and not to be mixed with users'.
bool IsBiasKnown(const Evaluations& evaluations, const std::vector<Tier>& tiers);

// The judges' bias is the mean of what they think of the served tier's answer to a logged prompt, minus what users said
// of the logged answer (feedback up to the run's end): of another answer, but of the same tier to the same prompt, so
// that the mean is right. `log` may be null where no sample is from it.
absl::StatusOr<Evaluations> ReadEvaluations(WorkFile& file, const NightlyRun& run, const Config& config, EventLog* log);

// For the refit: rewards clipped to [0, 1]. All samples; the refit leaves those held out by itself.
std::vector<Evaluation> ForRefit(const Evaluations& evaluations);

}  // namespace suffice
