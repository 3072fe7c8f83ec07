// Remembers which tier each conversation has, so that it can keep it.
// Thread contract: thread-safe; sharded, and a lock is held only per shard.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace suffice {

class SessionBook {
 public:
  explicit SessionBook(int64_t capacity) { SetCapacity(capacity); }

  // How many conversations are remembered over all shards (at least one each): beyond, the one that was silent for
  // longest is forgotten.
  void SetCapacity(int64_t capacity);

  // The tier of a tenant's conversation that spoke within the last `idle_s` seconds; empty: none is known.
  std::string Find(std::string_view tenant, std::string_view session, int64_t now_us, double idle_s);
  // The conversation has used a tier. What is older than what is known changes nothing.
  void Use(std::string_view tenant, std::string_view session, std::string_view tier, int64_t time_us);

  int64_t size() const;

 private:
  struct Conversation {
    std::string key;
    std::string tier;
    int64_t last_us;
  };
  struct Shard {
    mutable absl::Mutex mutex;
    std::list<Conversation> newest_first ABSL_GUARDED_BY(mutex);
    // Keys are views of the conversations' own.
    absl::flat_hash_map<std::string_view, std::list<Conversation>::iterator> by_key ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 64;

  Shard& ShardOf(std::string_view key);

  std::atomic<size_t> shard_capacity_{1};
  std::array<Shard, kShards> shards_;
};

}  // namespace suffice
