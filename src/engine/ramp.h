// Ramping a release up: which decisions are made on it, and when it goes on or stops.
// Thread contract: SnapshotSource is thread-safe; RampTrial is confined to the learner's thread; the rest are pure
// functions.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "learner/snapshot.h"
#include "log/records.h"
#include "stats/confidence_sequence.h"
#include "suffice/config.h"
#include "suffice/types.h"

namespace suffice {

// The share that follows: 1, 5, 25, 100%.
double NextRampShare(double share);

// Whether a decision is made on the candidate: by a hash of its conversation, so that a conversation stays with one
// release; of its own id where it has none.
bool TakesCandidate(std::string_view tenant, std::string_view session, const DecisionId& id, double share);

// The snapshots that decisions are made on: the base's, and the candidate's for a share of them.
class SnapshotSource {
 public:
  void Publish(SnapshotPtr snapshot) { base_.Publish(std::move(snapshot)); }
  // From now on the candidate makes `share` of the decisions.
  void PublishCandidate(SnapshotPtr snapshot, double share);
  void DropCandidate() { share_.store(0, std::memory_order_release); }

  // References are valid on this thread until its next call.
  const SnapshotPtr& Base() const { return base_.Get(); }
  const SnapshotPtr& For(const RouteRequest& request, const DecisionId& id) const;
  // The candidate's where it is of this release, else the base's.
  const SnapshotPtr& OfRelease(int64_t release) const;
  double candidate_share() const { return share_.load(std::memory_order_acquire); }  // 0: no candidate
  int64_t candidate_release() const;                                                 // 0: no candidate

 private:
  SnapshotPublisher base_, candidate_;
  std::atomic<double> share_{0};
};

// The trial of a candidate against the base that serves beside it, as decisions were drawn for one or the other: a fold
// of the first feedback of live decisions, in the order of the log. The base counts from the candidate's first decision
// on. What is compared is the reward; with objective `weighted` the reward less cost_weight times the cost, within
// [-1, 1]. With `min_cost` quality is no aim: the candidate's is held against an absolute floor.
class RampTrial {
 public:
  RampTrial(const Config& config, int64_t base, int64_t candidate);

  // Takes in the feedback with before < seq <= after.
  void Fold(const std::vector<ObservedDecision>& touched, LogCursor before, LogCursor after);

  enum class Step { kWait, kAdvance, kStop };
  struct Verdict {
    Step step = Step::kWait;
    std::string reason;  // for people
  };
  // kStop: the candidate's confidence sequence lies under the base's (or the floor), which is wrong with a probability
  // of at most 1 - nightly.confidence however often it is asked. kAdvance: it does not, and the candidate has
  // nightly.ramp_decisions rewards for each step up to `share`.
  Verdict At(double share) const;

  const ConfidenceSequence& candidate() const { return candidate_values_; }
  const ConfidenceSequence& base() const { return base_values_; }

 private:
  double ValueOf(const ObservedDecision& observed, double reward) const;
  std::string Compared() const;

  const ObjectiveConfig objective_;
  const double floor_;  // of quality, with min_cost; 0: none
  const int64_t ramp_decisions_;
  const int64_t base_, candidate_;
  int64_t started_us_ = 0;                             // the candidate's first decision; 0: none seen
  ConfidenceSequence base_values_, candidate_values_;  // mapped to [0, 1]
};

}  // namespace suffice
