// What one provider has to do: calls that wait, calls that wait for another try, and when the next may start.
// Thread contract: belongs to one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "suffice/config.h"

namespace suffice {

using MonotonicTime = std::chrono::steady_clock::time_point;

inline std::chrono::nanoseconds Seconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

struct Endpoint {
  ProviderConfig config;
  std::string url;      // of chat completions
  std::string api_key;  // empty: none
};

// A provider during one run. At most max_concurrency calls are in flight, and starts are 60 s / requests_per_minute
// apart.
class Lane {
 public:
  // `endpoint` outlives it. `last_start` is when a run before this one started a call.
  Lane(const Endpoint* endpoint, std::optional<MonotonicTime> last_start);

  const Endpoint& endpoint() const { return *endpoint_; }
  std::optional<MonotonicTime> last_start() const { return last_start_; }

  void Add(size_t call) { fresh_.push_back(call); }
  void AddRetry(size_t call, MonotonicTime due) { retries_.emplace(due, call); }
  // Nothing starts before `until`: the service said so.
  void Pause(MonotonicTime until) { paused_until_ = std::max(paused_until_, until); }

  bool MayStart(MonotonicTime now) const { return in_flight_ < endpoint_->config.max_concurrency && now >= OpenAt(); }
  std::optional<size_t> DueRetry(MonotonicTime now) const;
  std::optional<size_t> NextFresh() const;
  void PopRetry() { retries_.erase(retries_.begin()); }
  void PopFresh() { fresh_.pop_front(); }
  void Started(MonotonicTime now);
  void Ended() { --in_flight_; }

  bool Idle() const { return fresh_.empty() && retries_.empty() && in_flight_ == 0; }
  // When something may start for the passing of time alone; nothing: it waits for a call to end.
  std::optional<MonotonicTime> NextStart(bool fresh_may_start) const;

 private:
  MonotonicTime OpenAt() const;

  const Endpoint* const endpoint_;
  std::deque<size_t> fresh_;
  std::multimap<MonotonicTime, size_t> retries_;  // by when they are due
  int64_t in_flight_ = 0;
  std::optional<MonotonicTime> last_start_;
  MonotonicTime paused_until_ = MonotonicTime::min();
};

}  // namespace suffice
