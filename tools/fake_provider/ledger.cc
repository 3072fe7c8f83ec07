#include "ledger.h"

#include <algorithm>

#include "base/hash.h"

namespace suffice::fake {
namespace {

int64_t Sum(const std::map<std::string, int64_t>& counts) {
  int64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

}  // namespace

const std::string* Ledger::Find(const std::string& key, const std::string& work) {
  const auto found = answers_.find(key);
  if (key.empty() || found == answers_.end()) return nullptr;
  if (found->second.work != Hash64(work)) ++reused_keys_;
  return idempotent_ ? &found->second.answer : nullptr;
}

void Ledger::Bill(const std::string& key, const std::string& model, const std::string& work,
                  const std::string& answer) {
  ++billed_[model];
  if (!work_.insert(Hash64(work)).second) ++repeated_work_;
  if (key.empty()) return;
  ++billed_keys_[key];
  answers_[key] = {.work = Hash64(work), .answer = answer};
}

nlohmann::ordered_json Ledger::Stats() const {
  const auto twice =
      std::count_if(billed_keys_.begin(), billed_keys_.end(), [](const auto& k) { return k.second > 1; });
  nlohmann::ordered_json stats;
  stats["requests"] = Sum(requests_);
  stats["billed_calls"] = Sum(billed_);
  stats["distinct_keys"] = billed_keys_.size();
  stats["keys_billed_twice"] = twice;
  stats["repeated_work"] = repeated_work_;
  stats["reused_keys"] = reused_keys_;
  stats["requests_by_model"] = requests_;
  stats["billed_by_model"] = billed_;
  stats["failures"] = failures_;
  stats["connections"] = connections_;
  stats["most_in_flight"] = most_in_flight_;
  return stats;
}

}  // namespace suffice::fake
