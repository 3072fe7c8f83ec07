#include "learner/settlement.h"

#include <algorithm>

#include "base/list_cost.h"

namespace suffice {
namespace {

double Told(const std::optional<int64_t>& tokens, double otherwise) {
  return tokens ? static_cast<double>(*tokens) : otherwise;
}

// Tokens, of which `part` cost `part_price` in place of `price`, in tokens at `price`.
double AtOnePrice(double tokens, const std::optional<int64_t>& part, double price,
                  const std::optional<double>& part_price) {
  if (!part || !part_price || price <= 0) return tokens;
  return tokens + std::min(Told(part, 0), tokens) * (*part_price / price - 1);
}

const Tier* FindTier(std::span<const Tier> tiers, std::string_view name) {
  const auto found = std::find_if(tiers.begin(), tiers.end(), [&](const Tier& tier) { return tier.name == name; });
  return found == tiers.end() ? nullptr : &*found;
}

bool FitsAnotherBetter(std::span<const Tier> tiers, const Tier& asked, std::string_view served) {
  return std::any_of(tiers.begin(), tiers.end(), [&](const Tier& other) {
    return other.model.size() > asked.model.size() && IsSameModel(other.model, served);
  });
}

}  // namespace

PricedTokens PriceTokens(const Price& price, double input_tokens_estimate, const Outcome& outcome) {
  return {.input = AtOnePrice(Told(outcome.input_tokens, input_tokens_estimate), outcome.cached_input_tokens,
                              price.input_usd_per_mtok, price.cached_input_usd_per_mtok),
          .output = AtOnePrice(Told(outcome.output_tokens, 0), outcome.reasoning_tokens, price.output_usd_per_mtok,
                               price.reasoning_usd_per_mtok)};
}

int64_t ListCostNanos(const Price& price, double input_tokens_estimate, const Outcome& outcome) {
  return ListCostNanos(price, TokenUse{.input = Told(outcome.input_tokens, input_tokens_estimate),
                                       .output = Told(outcome.output_tokens, 0),
                                       .cached_input = Told(outcome.cached_input_tokens, 0),
                                       .reasoning = Told(outcome.reasoning_tokens, 0)});
}

Settlement Settle(const DecisionFacts& decision, const Outcome& outcome, PriceBook& prices) {
  const std::span<const Tier> tiers = prices.TiersOf(decision.config_hash);
  const Tier* tier = FindTier(tiers, outcome.served_tier.empty() ? decision.tier : outcome.served_tier);
  if (tier == nullptr) return {};
  Settlement settlement;
  settlement.cost_nanos = ListCostNanos(tier->PriceAt(decision.time_us), decision.input_tokens_estimate, outcome);
  settlement.wrong_model = !outcome.served_model.empty() && (!IsSameModel(tier->model, outcome.served_model) ||
                                                             FitsAnotherBetter(tiers, *tier, outcome.served_model));
  return settlement;
}

DecisionFacts FactsOf(const DecisionRecord& decision) {
  return {.config_hash = decision.config_hash,
          .tier = decision.tier,
          .time_us = decision.time_us,
          .input_tokens_estimate = decision.input_tokens_estimate};
}

}  // namespace suffice
