#include "evaluation/arrivals.h"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

#include "absl/time/time.h"

namespace suffice {
namespace {

constexpr std::string_view kHeader = "TIMESTAMP";

absl::StatusOr<int64_t> TimeOf(const std::string& line, const std::string& path, int64_t number) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", line.substr(0, line.find(',')), &time, &error)) {
    return absl::InvalidArgumentError(fmt::format("{}:{}: TIMESTAMP: {}", path, number, error));
  }
  return absl::ToUnixMicros(time);
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> ReadArrivals(const std::string& path, int64_t span_us) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(fmt::format("{}: cannot be read", path));
  std::string line;
  if (!std::getline(file, line) || !line.starts_with(kHeader)) {
    return absl::InvalidArgumentError(fmt::format("{}:1: expected a header that begins with {}", path, kHeader));
  }
  std::vector<int64_t> times;
  for (int64_t number = 2; std::getline(file, line); ++number) {
    if (line.empty() || line == "\r") continue;
    const auto time = TimeOf(line, path, number);
    if (!time.ok()) return time.status();
    if (!times.empty() && *time < times.back()) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: TIMESTAMP: earlier than the line before", path, number));
    }
    times.push_back(*time);
  }
  if (times.size() < 2 || times.front() == times.back()) {
    return absl::InvalidArgumentError(fmt::format("{}: expected arrivals at two times or more", path));
  }
  // The last one is followed by a gap like the mean of the others.
  const double length = static_cast<double>(times.back() - times.front());
  const double scale = static_cast<double>(span_us) / (length * (1 + 1 / static_cast<double>(times.size() - 1)));
  const int64_t first_us = times.front();
  for (int64_t& time_us : times) time_us = static_cast<int64_t>(static_cast<double>(time_us - first_us) * scale);
  return times;
}

}  // namespace suffice
