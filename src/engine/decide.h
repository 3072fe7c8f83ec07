// One decision, as a pure function of a snapshot, a request and an id: no I/O, no lock, no clock.
// Thread contract: pure functions (scratch memory is per thread).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/snapshot.h"
#include "log/records.h"
#include "policy/policy.h"
#include "suffice/types.h"

namespace suffice {

// What a decision depends on besides snapshot and request.
struct DecideContext {
  DecisionId id;
  int64_t time_us = 0;
  uint64_t seed = 0;  // of the draw
  uint64_t salt = 0;  // of the sketch
  std::vector<bool> cold;    // by tier: idle for longer than keep_warm_s; empty: none is
  std::string session_tier;  // what the request's conversation has; empty: nothing is known
};

// Checks the request against the configuration: INVALID_ARGUMENT names the first bad field.
absl::Status CheckRequest(const RouteRequest& request, const Config& config);

// A decision on its way: everything but the choice. What must be asked of the outside (does a budget cover this call,
// which tier does this conversation have) is asked between Consider and Choose, and answered by exclusions.
struct Consideration {
  DecisionRecord row;  // its tiers have estimates and exclusions, no scores yet
  // By tier of the configuration, of warm ones. The chosen one's have intervals.
  std::array<TierPrediction, kMaxCandidates> predictions;
  std::array<int64_t, kMaxCandidates> max_output_tokens;   // by tier: the longest answer to ask for; 0: any

  // Excludes a tier that is eligible so far.
  void Exclude(size_t tier, ExclusionReason reason, std::string detail);
};

// Checks the request, predicts for every tier, and excludes those that the request itself rules out. INVALID_ARGUMENT
// as CheckRequest.
absl::StatusOr<Consideration> Consider(const Snapshot& snapshot, const RouteRequest& request,
                                       const DecideContext& context);
// The same, in place of what `consideration` held before, with the memory it has: where one serves a thread again and
// again, this and Choose allocate nothing while every tier is eligible (and the log keeps no whole prompts). After an
// error it holds nothing of use.
absl::Status Consider(const Snapshot& snapshot, const RouteRequest& request, const DecideContext& context,
                      Consideration& consideration);
// Chooses among the tiers that are left, of which a conversation keeps one (see conversation.h), and completes the row,
// but for `seq` and `tier_ordinal`. May be called again after more exclusions. FAILED_PRECONDITION: no tier is
// eligible, saying why for each; or the limits cannot be met together (reason INFEASIBLE).
absl::Status Choose(const Snapshot& snapshot, const RouteRequest& request, Consideration& consideration);

// Consider and Choose, with nothing asked in between. INVALID_ARGUMENT as Consider; FAILED_PRECONDITION as Choose.
absl::StatusOr<DecisionRecord> Decide(const Snapshot& snapshot, const RouteRequest& request,
                                      const DecideContext& context);

// A row that records a run of the request on a given tier, chosen by no policy (warm-up, nightly). REQUIRES: `tier` is
// in the configuration.
absl::StatusOr<DecisionRecord> EvaluationRow(const Snapshot& snapshot, const RouteRequest& request,
                                             const std::string& tier, const DecideContext& context);

// Whether the row is to be logged, by its own keep_probability and a draw that depends on nothing but its id.
bool IsKept(const DecisionRecord& record);

// The answer that a row stands for. Tiers that the configuration no longer has keep their name, with no model.
Decision AnswerOf(const DecisionRecord& record, const Config& config);

// The tier that the policy draws, and its propensity vector, computed again from a row's estimates alone.
struct Rederived {
  std::string tier;
  std::vector<double> propensities;  // as DecisionRecord::tiers
};
Rederived Rederive(const DecisionRecord& record, const PolicyConfig& policy);

}  // namespace suffice
