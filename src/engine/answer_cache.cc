#include "engine/answer_cache.h"

#include <algorithm>

#include "base/hash.h"

namespace suffice {
namespace {

std::string KeyOf(const std::string& tenant, const std::string& request_id) { return tenant + '\0' + request_id; }

}  // namespace

AnswerCache::AnswerCache(int64_t capacity)
    : shard_capacity_(std::max<size_t>(1, static_cast<size_t>(std::max<int64_t>(capacity, 0)) / kShards)) {}

AnswerCache::Shard& AnswerCache::ShardOf(const std::string& key) { return shards_[Hash64(key) % kShards]; }

void AnswerCache::Insert(Shard& shard, std::string key, Decision answer) {
  shard.oldest_first.push_back(key);
  shard.answers[std::move(key)] = std::make_shared<const Decision>(std::move(answer));
  if (shard.oldest_first.size() > shard_capacity_) {
    shard.answers.erase(shard.oldest_first.front());
    shard.oldest_first.pop_front();
  }
}

bool AnswerCache::Begin(const std::string& tenant, const std::string& request_id, const Done& done) {
  std::string key = KeyOf(tenant, request_id);
  Shard& shard = ShardOf(key);
  std::shared_ptr<const Decision> known;
  {
    absl::MutexLock lock(&shard.mutex);
    if (const auto it = shard.answers.find(key); it != shard.answers.end()) {
      known = it->second;
    } else {
      const auto [making, first] = shard.in_making.try_emplace(std::move(key));
      if (!first) making->second.push_back(done);
      return first;
    }
  }
  Decision answer = *known;
  answer.replayed = true;
  done(std::move(answer));
  return false;
}

void AnswerCache::Finish(const std::string& tenant, const std::string& request_id,
                         const absl::StatusOr<Decision>& answer) {
  std::string key = KeyOf(tenant, request_id);
  Shard& shard = ShardOf(key);
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&shard.mutex);
    const auto making = shard.in_making.find(key);
    if (making != shard.in_making.end()) {
      waiting = std::move(making->second);
      shard.in_making.erase(making);
    }
    if (answer.ok()) Insert(shard, std::move(key), *answer);
  }
  for (const Done& done : waiting) {
    absl::StatusOr<Decision> copy = answer;
    if (copy.ok()) copy->replayed = true;
    done(std::move(copy));
  }
}

void AnswerCache::Remember(const std::string& tenant, const std::string& request_id, Decision answer) {
  std::string key = KeyOf(tenant, request_id);
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (!shard.answers.contains(key)) Insert(shard, std::move(key), std::move(answer));
}

}  // namespace suffice
