#include "process_usage.h"

#include <fmt/format.h>
#include <time.h>

#include <fstream>
#include <string>

namespace suffice::load {

absl::StatusOr<int64_t> CpuNanos(pid_t pid) {
  clockid_t clock;
  timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return absl::UnavailableError(fmt::format("cannot read the CPU time of process {}", pid));
  }
  return int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

absl::StatusOr<int64_t> ResidentBytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  std::string word;
  while (status >> word) {
    int64_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib * 1024;
  }
  return absl::UnavailableError(fmt::format("cannot read the memory of process {}", pid));
}

}  // namespace suffice::load
