// Money in integer nano-dollars: sums are exact, and a price of $0.10 per million tokens is 100 nano-dollars a token.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>

namespace suffice {

struct Money {
  int64_t nanos = 0;  // 1e-9 US dollars

  auto operator<=>(const Money&) const = default;
  Money operator+(Money other) const { return {nanos + other.nanos}; }
  Money operator-(Money other) const { return {nanos - other.nanos}; }
  Money& operator+=(Money other) {
    nanos += other.nanos;
    return *this;
  }

  double Usd() const { return static_cast<double>(nanos) * 1e-9; }
  static Money FromUsd(double usd) { return {std::llround(usd * 1e9)}; }
};

}  // namespace suffice
