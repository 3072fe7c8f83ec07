// From what is believed and what has been used to what the limits ask of the next decisions: multipliers by re-solving
// on recent contexts, infeasibility, the quality guard, and how each limit stands.
// Thread contract: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimates/tier_model.h"
#include "learner/limit_fold.h"
#include "learner/limits_in_force.h"
#include "limits/dual.h"
#include "limits/paced_budget.h"
#include "suffice/config.h"

namespace suffice {

// What each tier is predicted to be like for each of some contexts.
struct ContextTable {
  size_t tiers = 0;
  std::vector<TierMeans> means;        // [context * tiers + tier]
  std::vector<uint8_t> eligible;       // likewise
  std::vector<double> input_tokens;    // by context
  std::vector<std::string> tenants;    // by context
  size_t contexts() const { return tiers == 0 ? 0 : means.size() / tiers; }
};

// Predicts at the prices in force at `time_us`. Without contexts: one that knows nothing of the prompt.
ContextTable PredictContexts(const Config& config, const std::vector<TierModel>& models, const LimitFold& fold,
                             int64_t time_us);

// One limit on a mean, as the dual sees it.
struct PacedLimit {
  enum class Kind { kCost, kLate, kFloor };
  std::string name;        // as in LimitStatus
  Kind kind = Kind::kCost;
  double limit = 0;        // dollars a request; share of late answers; quality, or share of the reference tier's
  int percentile = -1;     // kLate: index into kLateShares
  int tier = -1;           // kCost: only calls of this tier; -1: all. kFloor: the reference tier; -1: absolute
  double tightening = 0;   // in units of the limit, by the debt
  double reference_error = 0;  // kFloor, relative: added to the reference tier's quality
};

// The limits of the configuration that are on means, soft budgets of everybody included.
std::vector<PacedLimit> PacedLimitsOf(const Config& config, const std::vector<PacedBudget>& budgets,
                                      const LimitFold& fold);

// The dual's problem: objective in quality (min_cost: in calls of average cost), excess in units of each limit.
DualProblem MakeProblem(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                        const std::vector<PacedLimit>& limits);

// The nearest value of limits[j] that can be kept together with the others as they are, 0 when there is none. For a
// latency limit in milliseconds.
double NearestFeasible(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                       const std::vector<PacedLimit>& limits, size_t j);

struct LimitInputs {
  const LimitFold* fold = nullptr;
  std::vector<PacedBudget> budgets;
  std::vector<double> warm_start;  // multipliers of the last solution of as many limits; may be empty
};

struct LimitSolution {
  LimitsInForce in_force;
  std::vector<double> multipliers;  // for the next warm start
};

LimitSolution SolveLimits(const Config& config, const std::vector<TierModel>& models, const LimitInputs& inputs);

}  // namespace suffice
