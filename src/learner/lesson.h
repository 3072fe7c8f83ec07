// What one decision teaches about its tier. Thread contract: plain data.
#pragma once

#include <optional>

namespace suffice {

// Given the events up to a cursor; see LessonOf in statistics.h.
struct Lesson {
  std::optional<double> reward;       // mean of its feedback
  std::optional<double> log_tokens;   // ln(1 + output tokens), in tokens at the output price
  std::optional<double> log_latency;  // ln(total ms), of a warm tier
  std::optional<double> input_tokens;  // in tokens at the input price: what the cache saves is learned with them

  bool operator==(const Lesson&) const = default;
};

}  // namespace suffice
