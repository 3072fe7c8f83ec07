#include "provider/lane.h"

#include <algorithm>

namespace suffice {

Lane::Lane(const Endpoint* endpoint, std::optional<SteadyTime> last_start)
    : endpoint_(endpoint), last_start_(last_start) {}

SteadyTime Lane::OpenAt() const {
  const double per_minute = endpoint_->config.requests_per_minute;
  if (per_minute <= 0 || !last_start_) return paused_until_;
  return std::max(paused_until_, *last_start_ + Seconds(60 / per_minute));
}

std::optional<size_t> Lane::DueRetry(SteadyTime now) const {
  if (retries_.empty() || retries_.begin()->first > now) return std::nullopt;
  return retries_.begin()->second;
}

std::optional<size_t> Lane::NextFresh() const {
  if (fresh_.empty()) return std::nullopt;
  return fresh_.front();
}

void Lane::Started(SteadyTime now) {
  last_start_ = now;
  ++in_flight_;
}

std::optional<SteadyTime> Lane::NextStart(bool fresh_may_start) const {
  if (in_flight_ >= endpoint_->config.max_concurrency) return std::nullopt;
  if (!fresh_.empty() && fresh_may_start) return OpenAt();
  if (!retries_.empty()) return std::max(OpenAt(), retries_.begin()->first);
  return std::nullopt;
}

}  // namespace suffice
