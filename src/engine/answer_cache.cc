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

absl::StatusOr<Decision> AnswerCache::GetOrMake(const std::string& tenant, const std::string& request_id,
                                                const std::function<absl::StatusOr<Decision>()>& make) {
  std::string key = KeyOf(tenant, request_id);
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (const auto it = shard.answers.find(key); it != shard.answers.end()) {
    Decision answer = *it->second;
    answer.replayed = true;
    return answer;
  }
  absl::StatusOr<Decision> answer = make();
  if (answer.ok()) Insert(shard, std::move(key), *answer);
  return answer;
}

void AnswerCache::Remember(const std::string& tenant, const std::string& request_id, Decision answer) {
  std::string key = KeyOf(tenant, request_id);
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (!shard.answers.contains(key)) Insert(shard, std::move(key), std::move(answer));
}

}  // namespace suffice
