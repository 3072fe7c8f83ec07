#include "provider/lane.h"

#include <algorithm>

namespace suffice {

Lane::Lane(const Endpoint* endpoint, std::optional<MonotonicTime> last_start)
    : endpoint_(endpoint), last_start_(last_start) {}

MonotonicTime Lane::OpenAt() const {
  const double per_minute = endpoint_->config.requests_per_minute;
  if (per_minute <= 0 || !last_start_) return paused_until_;
  return std::max(paused_until_, *last_start_ + Seconds(60 / per_minute));
}

std::optional<size_t> Lane::DueRetry(MonotonicTime now) const {
  if (retries_.empty() || retries_.begin()->first > now) return std::nullopt;
  return retries_.begin()->second;
}

std::optional<size_t> Lane::NextFresh() const {
  if (fresh_.empty()) return std::nullopt;
  return fresh_.front();
}

void Lane::Started(MonotonicTime now) {
  last_start_ = now;
  ++in_flight_;
}

std::optional<MonotonicTime> Lane::NextStart(bool fresh_may_start) const {
  if (in_flight_ >= endpoint_->config.max_concurrency) return std::nullopt;
  if (!fresh_.empty() && fresh_may_start) return OpenAt();
  if (!retries_.empty()) return std::max(OpenAt(), retries_.begin()->first);
  return std::nullopt;
}

}  // namespace suffice
