// What the messages that each connection has finished were made of, so that the listener can tell who holds how much in
// messages that do not end. A connection is known by gRPC's name of its peer, such as "ipv4:127.0.0.1:51234". Two of them
// share a count by chance, 1 to 65536: they are then taken to hold less than they do.
// Thread contract: thread-safe, lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/hash/hash.h"

namespace suffice {

class PeerBytes {
 public:
  // Beside a message: headers, frames, window updates. More than most clients send, as what is counted too much does not
  // add up (Listener::Loads).
  static constexpr int64_t kOverhead = 192;

  void AddMessage(std::string_view peer, size_t bytes) {
    counts_[SlotOf(peer)].fetch_add(static_cast<int64_t>(bytes) + kOverhead, std::memory_order_relaxed);
  }
  int64_t Of(size_t slot) const { return counts_[slot].load(std::memory_order_relaxed); }
  // Salted (absl's hash begins at an address that the system draws): nobody can choose whose count to share.
  static size_t SlotOf(std::string_view peer) { return absl::HashOf(peer) % kSlots; }

 private:
  static constexpr size_t kSlots = 1 << 16;
  std::array<std::atomic<int64_t>, kSlots> counts_{};
};

}  // namespace suffice
