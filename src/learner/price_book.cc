#include "learner/price_book.h"

#include "base/money.h"

namespace suffice {

std::optional<Price> PriceBook::Find(const std::string& config_hash, const std::string& tier) {
  auto it = by_hash_.find(config_hash);
  if (it == by_hash_.end()) {
    if (log_ == nullptr) return std::nullopt;
    std::map<std::string, Price> prices;
    if (auto text = log_->LoadConfigText(config_hash); text.ok()) {
      if (auto config = ParseConfig(*text, "configuration " + config_hash); config.ok()) {
        for (const Tier& t : config->tiers) prices[t.name] = t.price;
      }
    }
    it = by_hash_.emplace(config_hash, std::move(prices)).first;
  }
  const auto price = it->second.find(tier);
  if (price == it->second.end()) return std::nullopt;
  return price->second;
}

int64_t ListCostNanos(const std::string& config_hash, const std::string& tier, double input_tokens_estimate,
                      const Outcome& outcome, PriceBook& prices) {
  const auto price = prices.Find(config_hash, outcome.served_tier.empty() ? tier : outcome.served_tier);
  if (!price) return 0;
  const double input = outcome.input_tokens ? static_cast<double>(*outcome.input_tokens) : input_tokens_estimate;
  const double output = static_cast<double>(outcome.output_tokens.value_or(0));
  return Money::FromUsd((price->input_usd_per_mtok * input + price->output_usd_per_mtok * output) * 1e-6).nanos;
}

}  // namespace suffice
