// What another process uses.
// Thread contract: pure functions but for the system.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"

namespace suffice::load {

// CPU time of all its threads so far, those that ended included, in user and in kernel mode, in nanoseconds.
absl::StatusOr<int64_t> CpuNanos(pid_t pid);
// Resident memory, without what is mapped from files.
absl::StatusOr<int64_t> ResidentBytes(pid_t pid);
// With it.
absl::StatusOr<int64_t> AllResidentBytes(pid_t pid);

}  // namespace suffice::load
