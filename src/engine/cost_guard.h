// The guard of limits.cost.mean_usd: a tier is allowed only while the average cost is not too far above its limit.
//
// With B the limit and D the debt in requests' worth, a tier of predicted cost c is allowed if D + c/B - 1 <= 50. D is
// the debt that the newest snapshot knows (settled and folded as of its cursor) plus c/B - 1 for every decision that is
// not folded in it yet: predicted while in flight, real once its outcome is committed. So the mean after n requests is
// at most B (1 + 50/n), up to prediction errors of what is in flight and the cheapest tier's own cost.
// Thread contract: thread-compatible.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/btree_map.h"
#include "log/records.h"
#include "suffice/decision_id.h"

namespace suffice {

class CostGuard {
 public:
  static constexpr double kBurst = 50;         // requests' worth
  static constexpr double kLeaseS = 600;       // a decision without outcome is no longer counted then
  static constexpr size_t kMaxOpen = 1 << 20;  // beyond, the oldest is no longer counted

  // The snapshot's cursor and debt; an older one than before changes nothing.
  void Learn(const LogCursor& cursor, double debt);
  // Debt as of now. `limit_usd` > 0.
  double Debt(double limit_usd) const;
  static bool Allows(double debt, double cost_usd, double limit_usd) {
    return debt + cost_usd / limit_usd - 1 <= kBurst;
  }

  void Add(const DecisionId& id, double cost_usd, int64_t time_us);
  void Cancel(const DecisionId& id) { Take(id); }
  void Settle(const DecisionId& id, double cost_usd, int64_t outcome_seq);

 private:
  struct Open {
    double cost_usd = 0;
    int64_t time_us = 0;
  };
  bool Take(const DecisionId& id);

  int64_t cursor_ = -1;  // last outcome behind debt_
  double debt_ = 0;
  absl::btree_map<DecisionId, Open> open_;
  double open_usd_ = 0;
  std::deque<std::pair<int64_t, double>> settled_;  // outcome seq > cursor_, ascending; real cost
  double settled_usd_ = 0;
};

}  // namespace suffice
