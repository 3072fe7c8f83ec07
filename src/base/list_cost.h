// What a call costs by a price list.
// Thread contract: pure functions.
#pragma once

#include <cstdint>

#include "suffice/config.h"

namespace suffice {

struct TokenUse {
  double input = 0;
  double output = 0;
  double cached_input = 0;  // of input: read from the provider's cache
  double reasoning = 0;     // of output: spent on thinking
};

// In nano-dollars. Parts without a price of their own cost what the whole costs; a part is never more than the whole.
int64_t ListCostNanos(const Price& price, const TokenUse& use);

}  // namespace suffice
