#include "service/in_flight.h"

#include "service/errors.h"

namespace suffice {
namespace {

// Three quarters, but never none.
int64_t RecordLimit(int64_t limit) { return limit - limit / 4; }

bool TryIncrement(std::atomic<int64_t>& count, int64_t limit) {
  int64_t seen = count.load(std::memory_order_relaxed);
  do {
    if (seen >= limit) return false;
  } while (!count.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed));
  return true;
}

}  // namespace

absl::Status InFlight::Enter(Kind kind) {
  const int64_t limit = limit_.load(std::memory_order_relaxed);
  const bool is_record = kind == Kind::kRecord;
  if (is_record && !TryIncrement(records_, RecordLimit(limit))) return OverloadedError();
  if (TryIncrement(all_, limit)) return absl::OkStatus();
  if (is_record) records_.fetch_sub(1, std::memory_order_relaxed);
  return OverloadedError();
}

void InFlight::Leave(Kind kind) {
  all_.fetch_sub(1, std::memory_order_relaxed);
  if (kind == Kind::kRecord) records_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace suffice
