#include "process_usage.h"

#include <fmt/format.h>
#include <time.h>

#include <fstream>
#include <string>
#include <string_view>

namespace suffice::load {

absl::StatusOr<int64_t> CpuNanos(pid_t pid) {
  clockid_t clock;
  timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return absl::UnavailableError(fmt::format("cannot read the CPU time of process {}", pid));
  }
  return int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

namespace {

// A line of the process's status.
absl::StatusOr<int64_t> BytesOf(pid_t pid, std::string_view name) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  std::string word;
  while (status >> word) {
    int64_t kib = 0;
    if (word == name && status >> kib) return kib * 1024;
  }
  return absl::UnavailableError(fmt::format("cannot read the memory of process {}", pid));
}

}  // namespace

absl::StatusOr<int64_t> ResidentBytes(pid_t pid) { return BytesOf(pid, "RssAnon:"); }
absl::StatusOr<int64_t> AllResidentBytes(pid_t pid) { return BytesOf(pid, "VmRSS:"); }

}  // namespace suffice::load
