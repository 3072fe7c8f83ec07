// Remembers the newest answers by tenant and request id, so that a repeated request gets the same answer.
// Thread contract: thread-safe; sharded, and a lock is held only per shard.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "suffice/types.h"

namespace suffice {

class AnswerCache {
 public:
  // `capacity` answers over all shards, at least one each.
  explicit AnswerCache(int64_t capacity);

  // The remembered answer (with `replayed` set), or `make`'s, which is then remembered unless it is an error. Two
  // callers with the same id never both make one.
  absl::StatusOr<Decision> GetOrMake(const std::string& tenant, const std::string& request_id,
                                     const std::function<absl::StatusOr<Decision>()>& make);
  void Remember(const std::string& tenant, const std::string& request_id, Decision answer);

 private:
  struct Shard {
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, std::shared_ptr<const Decision>> answers ABSL_GUARDED_BY(mutex);
    std::deque<std::string> oldest_first ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 64;

  Shard& ShardOf(const std::string& key);
  void Insert(Shard& shard, std::string key, Decision answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  const size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace suffice
