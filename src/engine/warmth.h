// When each tier was last used: a tier that was idle for longer than its keep_warm_s has gone cold.
// Thread contract: thread-safe. A use of a known tier takes a reader's lock and writes an atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "suffice/config.h"

namespace suffice {

class Warmth {
 public:
  // A tier was called. By name, so that a reload keeps what is known. What is older changes nothing.
  void Use(const std::string& tier, int64_t time_us);

  // By tier of the configuration: has it a keep_warm_s, and was it idle for longer (or never used)? Empty: no tier has
  // gone cold.
  std::vector<bool> ColdAt(const Config& config, int64_t now_us) const;

 private:
  int64_t LastUse(const std::string& tier) const;  // INT64_MIN: never

  mutable absl::Mutex mutex_;  // guards the map, not the times
  absl::flat_hash_map<std::string, std::unique_ptr<std::atomic<int64_t>>> last_us_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace suffice
