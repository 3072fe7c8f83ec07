#include "engine/cost_guard.h"

namespace suffice {

void CostGuard::Learn(const LogCursor& cursor, double debt) {
  if (cursor.outcome_seq < cursor_) return;
  cursor_ = cursor.outcome_seq;
  debt_ = debt;
  while (!settled_.empty() && settled_.front().first <= cursor_) {
    settled_usd_ -= settled_.front().second;
    settled_.pop_front();
  }
  if (settled_.empty()) settled_usd_ = 0;
}

double CostGuard::Debt(double limit_usd) const {
  const double count = static_cast<double>(open_.size() + settled_.size());
  return debt_ + (open_usd_ + settled_usd_) / limit_usd - count;
}

void CostGuard::Add(const DecisionId& id, double cost_usd, int64_t time_us) {
  while (!open_.empty() &&
         (open_.size() >= kMaxOpen || time_us - open_.begin()->second.time_us > static_cast<int64_t>(kLeaseS * 1e6))) {
    Take(open_.begin()->first);
  }
  if (open_.emplace(id, Open{cost_usd, time_us}).second) open_usd_ += cost_usd;
}

bool CostGuard::Take(const DecisionId& id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return false;
  open_usd_ -= found->second.cost_usd;
  open_.erase(found);
  if (open_.empty()) open_usd_ = 0;  // no rounding is left behind
  return true;
}

void CostGuard::Settle(const DecisionId& id, double cost_usd, int64_t outcome_seq) {
  Take(id);
  if (outcome_seq <= cursor_) return;
  settled_.emplace_back(outcome_seq, cost_usd);
  settled_usd_ += cost_usd;
}

}  // namespace suffice
