// From values to pixels, with round tick marks.
// Thread contract: immutable values, pure functions.
#pragma once

#include <string>
#include <vector>

namespace suffice {

struct Tick {
  double value = 0;
  std::string label;
};

class Axis {
 public:
  // `from_px` is where `low` lies, `to_px` where `high` does (either may be larger). A range without width is widened.
  static Axis Linear(double low, double high, double from_px, double to_px);
  // REQUIRES: low > 0.
  static Axis Logarithmic(double low, double high, double from_px, double to_px);

  double At(double value) const;
  // Round values within the range; about `count` of them.
  std::vector<Tick> Ticks(int count) const;

 private:
  Axis(bool logarithmic, double low, double high, double from_px, double to_px);
  std::vector<Tick> LinearTicks(int count) const;
  std::vector<Tick> LogarithmicTicks(int count) const;
  double Scaled(double value) const;

  bool logarithmic_;
  double low_;
  double high_;
  double from_px_;
  double to_px_;
};

// Least and largest of the finite values, with `pad` of their distance added on both sides (of their ratio, if
// logarithmic).
struct ValueRange {
  double low = 0;
  double high = 1;
};
ValueRange PaddedRange(const std::vector<double>& values, double pad, bool logarithmic);

// A number as a person would write it: as many decimals as its leading `digits` digits need, no exponent.
std::string PlainNumber(double value, int digits);
// 12345 as "12,345".
std::string Grouped(long long value);

}  // namespace suffice
