// What a load generator saw.
#pragma once

#include <cstdint>

#include "histogram.h"

namespace suffice::load {

struct LoadResult {
  Histogram latency_ns;   // of the answers without an error
  int64_t completed = 0;  // these
  int64_t failed = 0;     // answered with an error
  double seconds = 0;     // in which they were answered

  double PerSecond() const { return seconds > 0 ? static_cast<double>(completed) / seconds : 0; }
  double Micros(double percent) const { return static_cast<double>(latency_ns.Percentile(percent)) / 1000; }
};

}  // namespace suffice::load
