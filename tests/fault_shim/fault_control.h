// What a test and the shim that is preloaded into the server share: a mapped file (SUFFICE_FAULTS names it).
// Thread contract: atomics, across processes.
#pragma once

#include <atomic>
#include <cstdint>

namespace suffice {

struct FaultControl {
  std::atomic<int32_t> write_errno{0};  // of writes to regular files; 0: they work
  std::atomic<int32_t> sync_errno{0};   // of fsync and fdatasync
  std::atomic<int32_t> hold_syncs{0};   // not 0: they wait until it is
  std::atomic<int64_t> held{0};         // that wait now
  std::atomic<int64_t> synced{0};       // that have succeeded
  std::atomic<int64_t> clock_ahead_s{0};  // of the wall clock that the server reads, before the kernel's
};
static_assert(std::atomic<int64_t>::is_always_lock_free);

}  // namespace suffice
