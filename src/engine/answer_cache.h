// Remembers the newest answers by tenant and request id, so that a repeated request gets the same answer.
// Thread contract: thread-safe; sharded, a lock is held only per shard, and not while `done` runs.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

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

  using Done = std::function<void(absl::StatusOr<Decision>)>;
  // Whoever asks for an id first makes its answer: true is returned, and the caller must Finish it. For everybody else
  // `done` is called: at once with the remembered answer (with `replayed` set), or, while it is being made, by Finish.
  bool Begin(const std::string& tenant, const std::string& request_id, const Done& done);
  // Remembers the answer, unless it is an error, and hands it (then with `replayed` set) or the error to all who wait.
  void Finish(const std::string& tenant, const std::string& request_id, const absl::StatusOr<Decision>& answer);
  void Remember(const std::string& tenant, const std::string& request_id, Decision answer);

 private:
  struct Shard {
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, std::shared_ptr<const Decision>> answers ABSL_GUARDED_BY(mutex);
    std::deque<std::string> oldest_first ABSL_GUARDED_BY(mutex);
    absl::flat_hash_map<std::string, std::vector<Done>> in_making ABSL_GUARDED_BY(mutex);  // who waits
  };
  static constexpr size_t kShards = 64;

  Shard& ShardOf(const std::string& key);
  void Insert(Shard& shard, std::string key, Decision answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  const size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace suffice
