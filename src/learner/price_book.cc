#include "learner/price_book.h"

namespace suffice {

std::span<const Tier> PriceBook::TiersOf(const std::string& config_hash) {
  auto it = by_hash_.find(config_hash);
  if (it == by_hash_.end()) {
    if (log_ == nullptr) return {};
    std::vector<Tier> tiers;
    if (auto text = log_->LoadConfigText(config_hash); text.ok()) {
      if (auto config = ParseConfig(*text, "configuration " + config_hash); config.ok()) {
        tiers = std::move(config->tiers);
      }
    }
    it = by_hash_.emplace(config_hash, std::move(tiers)).first;
  }
  return it->second;
}

std::optional<Price> PriceBook::Find(const std::string& config_hash, const std::string& tier, int64_t time_us) {
  for (const Tier& known : TiersOf(config_hash)) {
    if (known.name == tier) return known.PriceAt(time_us);
  }
  return std::nullopt;
}

}  // namespace suffice
