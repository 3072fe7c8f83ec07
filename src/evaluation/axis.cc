#include "evaluation/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

// The smallest of 1, 2, 5 times a power of ten that is >= step.
double RoundStep(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(bool logarithmic, double low, double high, double from_px, double to_px)
    : logarithmic_(logarithmic), low_(low), high_(high), from_px_(from_px), to_px_(to_px) {}

Axis Axis::Linear(double low, double high, double from_px, double to_px) {
  if (!(high > low)) high = low + std::max(1e-6, std::abs(low) * 1e-3);
  return Axis(false, low, high, from_px, to_px);
}

Axis Axis::Logarithmic(double low, double high, double from_px, double to_px) {
  if (!(high > low * 1.001)) high = low * 1.1;
  return Axis(true, low, high, from_px, to_px);
}

double Axis::Scaled(double value) const { return logarithmic_ ? std::log(value) : value; }

double Axis::At(double value) const {
  const double part = (Scaled(value) - Scaled(low_)) / (Scaled(high_) - Scaled(low_));
  return from_px_ + part * (to_px_ - from_px_);
}

std::vector<Tick> Axis::Ticks(int count) const { return logarithmic_ ? LogarithmicTicks(count) : LinearTicks(count); }

std::vector<Tick> Axis::LinearTicks(int count) const {
  const double step = RoundStep((high_ - low_) / count);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::vector<Tick> ticks;
  for (double i = std::ceil(low_ / step - 1e-9); i * step <= high_ + 1e-9 * step; ++i) {
    const double value = i == 0 ? 0 : i * step;  // no -0
    ticks.push_back({value, value >= 1000 ? Grouped(std::llround(value)) : fmt::format("{:.{}f}", value, decimals)});
  }
  return ticks;
}

std::vector<Tick> Axis::LogarithmicTicks(int count) const {
  const double decades = std::log10(high_ / low_);
  if (decades < 0.7) return LinearTicks(std::min(count, 5));
  // Few decades: 1, 2, 5 of each; more: powers of ten, and every second or third of them.
  const bool fine = 3 * decades <= count + 2;
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / count)));
  std::vector<Tick> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(low_))); power <= std::log10(high_); ++power) {
    if (!fine && power % stride != 0) continue;
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, power);
      if (value < low_ * (1 - 1e-9) || value > high_ * (1 + 1e-9) || (factor > 1 && !fine)) continue;
      ticks.push_back({value, PlainNumber(value, 1)});
    }
  }
  return ticks;
}

ValueRange PaddedRange(const std::vector<double>& values, double pad, bool logarithmic) {
  bool any = false;
  ValueRange range;
  for (const double value : values) {
    if (!std::isfinite(value) || (logarithmic && value <= 0)) continue;
    range = any ? ValueRange{std::min(range.low, value), std::max(range.high, value)} : ValueRange{value, value};
    any = true;
  }
  if (!any) return logarithmic ? ValueRange{0.1, 1} : ValueRange{0, 1};
  if (logarithmic) {
    const double factor = std::max(1.05, std::pow(range.high / range.low, pad));
    return {range.low / factor, range.high * factor};
  }
  const double margin = std::max((range.high - range.low) * pad, 1e-6);
  return {range.low - margin, range.high + margin};
}

std::string PlainNumber(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  if (std::abs(value) >= 1000) return Grouped(std::llround(value));
  const int decimals = digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
  return fmt::format("{:.{}f}", value, std::clamp(decimals, 0, 15));
}

std::string Grouped(long long value) {
  std::string text = fmt::format("{}", value);
  const auto first = static_cast<int>(value < 0);
  for (int at = static_cast<int>(text.size()) - 3; at > first; at -= 3) text.insert(static_cast<size_t>(at), 1, ',');
  return text;
}

}  // namespace suffice
