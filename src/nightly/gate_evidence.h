// What the gate judges a candidate by: prompts that the refit has not seen, with what is known of them and what each
// policy would choose for them.
//
// Two kinds of rows. Evaluations: held-out samples, of which every tier was run. Decisions: held-out decisions of the
// run's traffic, of which one tier's outcome and reward are known; only where their rewards are on the same scale as
// the evaluations'. Each kind gives an estimate, and the two are averaged by their precision.
// Thread contract: pure but for reading the log.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/snapshot.h"
#include "log/event_log.h"
#include "nightly/evaluations.h"
#include "nightly/work_file.h"
#include "off_policy/log_rows.h"
#include "off_policy/policy_value.h"
#include "suffice/config.h"

namespace suffice {

// Rows of one kind.
struct EvidencePart {
  LogTable prompts;                           // one row each, as the rules of thumb read them
  std::vector<PolicyTable> policies;          // by policy of GateEvidence::policies
  std::vector<ValueRow> quality, cost_usd;    // empty: not known
  std::array<std::vector<ValueRow>, 3> late;  // by latency limit; empty: there is none, or nothing is known
  std::vector<ValueRow> over_reference;       // quality less the floor's share of the reference tier's quality
  std::vector<double> tier_standard_error;    // of the rewards' common error, see ValueOptions
  int64_t observed = 0;                       // rows with a reward
};

struct GateEvidence {
  std::vector<std::string> tiers;     // of the configuration, then others that the log names
  std::vector<std::string> policies;  // "candidate", "serving", "always NAME", ..., "random", "five rules"
  SnapshotPtr candidate;
  std::vector<const EvaluatedSample*> evaluated;  // by row of `evaluations`
  EvidencePart evaluations;
  std::optional<EvidencePart> decisions;
  LogTable traffic;                // all decisions of the run's window; may be empty
  std::vector<std::string> notes;  // what is not as one might think, for people

  static constexpr size_t kCandidate = 0, kServing = 1;
};

struct EvidenceInput {
  const NightlyRun* run = nullptr;
  const Config* config = nullptr;            // the operator's
  std::shared_ptr<const Release> release;    // the candidate
  const Evaluations* evaluations = nullptr;  // outlives the evidence
  std::function<void(double)> progress;      // may be empty
};

// The state that decisions would begin with on a release, as of the run's end.
absl::StatusOr<SnapshotPtr> CandidateSnapshot(EventLog& log, const Config& config,
                                              std::shared_ptr<const Release> release, LogCursor end);

// FAILED_PRECONDITION: no held-out sample has a score.
absl::StatusOr<GateEvidence> GatherEvidence(EventLog& log, const EvidenceInput& input);

// The average of two independent estimates of one thing, by their precision.
ValueEstimate Combine(const ValueEstimate& a, const ValueEstimate& b, double confidence);

}  // namespace suffice
