// What an outcome comes to: its cost by the price list, in force when its decision was made, and whether the model that
// answered is the one that was asked for.
// Thread contract: pure functions, but for the book.
#pragma once

#include <string_view>

#include "base/model_name.h"
#include "learner/price_book.h"
#include "log/event_log.h"
#include "log/records.h"
#include "suffice/config.h"

namespace suffice {

// Tokens of a call as its price list sees them: what they would cost at the plain input and output price is what the
// call costs. Input read from the provider's cache and tokens spent on thinking have prices of their own.
struct PricedTokens {
  double input = 0;   // (input - cached) + cached (cached input price / input price)
  double output = 0;  // (output - reasoning) + reasoning (reasoning price / output price)
};
// Input that was not told is the estimate's; output that was not told is none. A price of 0 leaves its tokens as told.
PricedTokens PriceTokens(const Price& price, double input_tokens_estimate, const Outcome& outcome);

// What the told tokens cost, to the nano-dollar.
int64_t ListCostNanos(const Price& price, double input_tokens_estimate, const Outcome& outcome);

// An OutcomeSettler. The tier is the one that really served. cost_nanos: 0 when its price is unknown. wrong_model: the
// served model was told and is not the tier's, or fits another tier's more closely (tiers "m" and "m-mini").
Settlement Settle(const DecisionFacts& decision, const Outcome& outcome, PriceBook& prices);
DecisionFacts FactsOf(const DecisionRecord& decision);

}  // namespace suffice
