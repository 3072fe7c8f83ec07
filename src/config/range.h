// The values that a number may take, in a policy file or on the command line.
// Thread contract: a value type.
#pragma once

#include <limits>
#include <string>

namespace suffice {

// Ends included, unless `open_low`. Neither NaN nor an infinity is ever within.
struct Range {
  double low = 0;
  double high = std::numeric_limits<double>::max();
  bool open_low = false;

  bool Holds(double value) const { return (open_low ? value > low : value >= low) && value <= high; }
  // "in [0, 1]", ">= 0", "> 0", "(finite)".
  std::string ToString() const;
};

inline Range Between(double low, double high) { return {low, high, false}; }
inline Range AtLeast(double low) { return {.low = low}; }
inline Range Above(double low) { return {.low = low, .open_low = true}; }
inline Range AboveUpTo(double low, double high) { return {low, high, true}; }
inline Range AnyNumber() { return {.low = std::numeric_limits<double>::lowest()}; }

}  // namespace suffice
