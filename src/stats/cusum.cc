#include "stats/cusum.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "stats/bytes.h"

namespace suffice {

Shift Cusum::Add(double z, double slack, double alarm) {
  assert(std::isfinite(z));
  z = std::clamp(z, -kClip, kClip);
  drop_ = std::max(0.0, drop_ - z - slack);
  rise_ = std::max(0.0, rise_ + z - slack);
  if (drop_ <= alarm && rise_ <= alarm) return Shift::kNone;
  const Shift shift = drop_ > alarm ? Shift::kDrop : Shift::kRise;
  *this = Cusum();
  return shift;
}

void Cusum::AppendTo(std::string& bytes) const {
  AppendValue(bytes, drop_);
  AppendValue(bytes, rise_);
}

absl::StatusOr<Cusum> Cusum::Read(std::string_view& bytes) {
  const auto drop = ReadValue<double>(bytes), rise = ReadValue<double>(bytes);
  if (!drop || !rise || !std::isfinite(*drop) || !std::isfinite(*rise) || *drop < 0 || *rise < 0) {
    return absl::InvalidArgumentError("cusum: malformed bytes");
  }
  Cusum cusum;
  cusum.drop_ = *drop;
  cusum.rise_ = *rise;
  return cusum;
}

}  // namespace suffice
