#include "base/list_cost.h"

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

// A dollar per million tokens is 1,000 nano-dollars a token.
double Nanos(double tokens, double part, double price, const std::optional<double>& part_price) {
  const double apart = part_price ? std::min(part, tokens) : 0;
  return 1000 * (price * (tokens - apart) + part_price.value_or(0) * apart);
}

}  // namespace

int64_t ListCostNanos(const Price& price, const TokenUse& use) {
  return std::llround(Nanos(use.input, use.cached_input, price.input_usd_per_mtok, price.cached_input_usd_per_mtok) +
                      Nanos(use.output, use.reasoning, price.output_usd_per_mtok, price.reasoning_usd_per_mtok));
}

}  // namespace suffice
