#include "engine/session_book.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/hash.h"

namespace suffice {
namespace {

// The length tells where the tenant ends.
std::string KeyOf(std::string_view tenant, std::string_view session) {
  return absl::StrCat(tenant.size(), ":", absl::string_view(tenant.data(), tenant.size()),
                      absl::string_view(session.data(), session.size()));
}

}  // namespace

void SessionBook::SetCapacity(int64_t capacity) {
  shard_capacity_.store(std::max<size_t>(1, static_cast<size_t>(std::max<int64_t>(capacity, 0)) / kShards));
}

SessionBook::Shard& SessionBook::ShardOf(std::string_view key) { return shards_[Hash64(key) % kShards]; }

std::string SessionBook::Find(std::string_view tenant, std::string_view session, int64_t now_us, double idle_s) {
  const std::string key = KeyOf(tenant, session);
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return {};
  const Conversation& conversation = *found->second;
  const bool idle = static_cast<double>(now_us - conversation.last_us) > idle_s * 1e6;
  return idle ? std::string() : conversation.tier;
}

void SessionBook::Use(std::string_view tenant, std::string_view session, std::string_view tier, int64_t time_us) {
  std::string key = KeyOf(tenant, session);
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) {
    Conversation& known = *found->second;
    if (time_us < known.last_us) return;
    known.tier = tier;
    known.last_us = time_us;
    shard.newest_first.splice(shard.newest_first.begin(), shard.newest_first, found->second);
    return;
  }
  shard.newest_first.push_front({std::move(key), std::string(tier), time_us});
  shard.by_key.emplace(shard.newest_first.front().key, shard.newest_first.begin());
  while (shard.newest_first.size() > shard_capacity_.load(std::memory_order_relaxed)) {
    shard.by_key.erase(shard.newest_first.back().key);
    shard.newest_first.pop_back();
  }
}

int64_t SessionBook::size() const {
  int64_t size = 0;
  for (const Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    size += static_cast<int64_t>(shard.newest_first.size());
  }
  return size;
}

}  // namespace suffice
