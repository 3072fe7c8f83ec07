#include "engine/decision_tally.h"

#include <algorithm>

#include "suffice/status.h"

namespace suffice {
namespace {

constexpr double kMemory = 1000;           // decisions after which one counts for 1/e
constexpr double kGreatestWeight = 1e100;  // then all weights are made small again

bool RefusedAsInfeasible(const absl::Status& status) { return StatedReason(status) == "INFEASIBLE"; }

}  // namespace

void DecisionTally::Add(const absl::StatusOr<Decision>& answer) {
  if (!answer.ok()) {
    if (!RefusedAsInfeasible(answer.status())) return;
    absl::MutexLock lock(&mutex_);
    ++infeasible_;
    return;
  }
  absl::MutexLock lock(&mutex_);
  ++answers_;
  audits_ += answer->audit;
  infeasible_ += !answer->infeasible.empty();
  AddShare(answer->tier);
}

void DecisionTally::Recall(const std::string& tier) {
  absl::MutexLock lock(&mutex_);
  AddShare(tier);
}

void DecisionTally::AddShare(const std::string& tier) {
  next_weight_ *= 1 + 1 / kMemory;
  if (next_weight_ > kGreatestWeight) {
    for (auto& entry : weights_) entry.second /= next_weight_;
    next_weight_ = 1;
  }
  const auto found = std::find_if(weights_.begin(), weights_.end(), [&](const auto& e) { return e.first == tier; });
  if (found != weights_.end()) {
    found->second += next_weight_;
  } else {
    weights_.emplace_back(tier, next_weight_);
  }
}

double DecisionTally::WeightOf(const std::string& tier) const {
  for (const auto& [name, weight] : weights_) {
    if (name == tier) return weight;
  }
  return 0;
}

void DecisionTally::Report(EngineStatus& status) const {
  absl::MutexLock lock(&mutex_);
  status.infeasible_decisions = infeasible_;
  if (answers_ > 0) status.audit_share = static_cast<double>(audits_) / static_cast<double>(answers_);
  // Tiers that a reload took out of the configuration do not count.
  double total = 0;
  for (TierStatus& tier : status.tiers) total += WeightOf(tier.tier);
  for (TierStatus& tier : status.tiers) tier.share = total > 0 ? WeightOf(tier.tier) / total : 0;
}

}  // namespace suffice
