#include "config/range.h"

#include <fmt/format.h>

namespace suffice {

std::string Range::ToString() const {
  const bool no_high = high == std::numeric_limits<double>::max();
  if (no_high && low == std::numeric_limits<double>::lowest()) return "(finite)";
  if (no_high) return fmt::format("{} {}", open_low ? ">" : ">=", low);
  return fmt::format("in {}{}, {}]", open_low ? "(" : "[", low, high);
}

}  // namespace suffice
