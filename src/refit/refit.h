// Fits a release on everything that is known: the log, and evaluations of prompts on every tier.
// Thread contract: pure but for reading the log; may use several threads inside.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/release.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

// One prompt, run on some tiers and judged, outside of the log.
struct Evaluation {
  std::string id;
  std::string sketch;  // Sketch::Encode(), with the log's salt
  double input_tokens_estimate = 0;
  double weight = 1;  // inverse of the probability that it was drawn
  struct Answer {
    std::optional<double> reward;  // in [0, 1]; nothing: not judged
    double cost_usd = 0;
    int64_t input_tokens = 0, output_tokens = 0;
    double latency_ms = 0;
  };
  std::map<std::string, Answer> answers;  // by tier
};

struct RefitOptions {
  LogCursor end;             // what the fit may see: a run that is repeated sees the same
  int64_t decision_seq = 0;  // the last decision that it may see
  // Decisions and evaluations for which this is true are left out: what the gate is to judge by. By id; see IsHeldOut.
  double holdout = 0;
  uint64_t holdout_seed = 0;
  double effective_size = 5000;  // observations a tier, at most
  int64_t max_projection_prompts = 20000;
  int threads = 2;
  // Policy threshold: the share of strong calls on the newest traffic that alpha is set for. Nothing: the share that
  // the configured alpha gave there.
  std::optional<double> strong_share;
  std::function<void(double)> progress;  // may be empty; a fraction in [0, 1]
};

// Whether a decision or an evaluation of this id is left for the gate: a hash, the same for everybody.
bool IsHeldOut(const std::string& id, double holdout, uint64_t seed);

struct RefitReport {
  int64_t decisions = 0, evaluations = 0;  // seen
  double seconds = 0;
  struct Tier {
    std::string tier;
    double labels = 0;
    double effective_size = 0;
    TierCalibration calibration;
    double calibration_error = 0;  // mean absolute, in ten bins of held-out predictions, after calibration
    double calibration_error_before = 0;
  };
  std::vector<Tier> tiers;
  std::vector<std::string> notes;  // what was tuned, and why, for people
};

struct Refitted {
  Release release;
  RefitReport report;
};

// Multipliers of limits are no part of a release: they are solved anew with every snapshot.
// Memory: at most 256 MiB of the projection's prompts and 64 MiB of their frequent counts, two pages of 4,096 events,
// and 6,000 answers a tier of 4 bytes a dimension, however long the log is. FAILED_PRECONDITION when there is too
// little to fit on.
absl::StatusOr<Refitted> Refit(EventLog& log, const Config& config, const std::vector<Evaluation>& evaluations,
                               const RefitOptions& options);

// The report as an indented JSON object.
std::string RefitReportToJson(const RefitReport& report);

}  // namespace suffice
