// What was asked and billed. The same idempotency key gives the same answer and is billed once.
// Thread contract: belongs to one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unordered_map>

namespace suffice::fake {

class Ledger {
 public:
  // `idempotent`: false to play a service that does not look at keys.
  explicit Ledger(bool idempotent) : idempotent_(idempotent) {}

  void CountRequest(const std::string& model) { ++requests_[model]; }
  void CountFailure(const std::string& name) { ++failures_[name]; }
  void CountConnection() { ++connections_; }
  void Began() { most_in_flight_ = std::max(most_in_flight_, ++in_flight_); }
  void Ended() { --in_flight_; }

  // The answer given to this key before; null: none.
  const std::string* Find(const std::string& key, const std::string& work);
  // Bills `work` (what was asked of whom) under `key` (may be empty), and keeps the answer.
  void Bill(const std::string& key, const std::string& model, const std::string& work, const std::string& answer);
  nlohmann::ordered_json Stats() const;

 private:
  const bool idempotent_;
  std::map<std::string, int64_t> requests_;  // by model
  std::map<std::string, int64_t> billed_;    // by model
  std::map<std::string, int64_t> failures_;  // by kind
  std::unordered_map<std::string, int64_t> billed_keys_;
  struct Kept {
    uint64_t work = 0;  // its hash
    std::string answer;
  };
  std::unordered_map<std::string, Kept> answers_;  // by key
  std::set<uint64_t> work_;                        // hashes of what was billed
  int64_t repeated_work_ = 0;                      // billed again, under another key or none
  int64_t reused_keys_ = 0;                        // requests with the key of other work
  int64_t connections_ = 0;
  int64_t in_flight_ = 0;
  int64_t most_in_flight_ = 0;
};

}  // namespace suffice::fake
