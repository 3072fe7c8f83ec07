#include "engine/flips.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/policy.h"

namespace suffice {
namespace {

using Sentences = std::vector<std::string>;

// The price that the row's score put on something; `otherwise` where the row states none.
double PriceOf(const DecisionRecord& decision, std::string_view name, double otherwise = 0) {
  for (const auto& [multiplier, value] : decision.multipliers) {
    if (multiplier == name) return value;
  }
  return otherwise;
}

double QualityPrice(const DecisionRecord& decision) { return PriceOf(decision, "quality", 1); }

// Of a dollar on one tier.
double DollarPrice(const DecisionRecord& decision, const std::string& tier) {
  return PriceOf(decision, "cost_usd", PriceOf(decision, "cost")) + PriceOf(decision, "cost_usd." + tier);
}

void AddDraws(const DecisionRecord& decision, double draw, Sentences& flips) {
  double low = 0;
  for (const TierView& view : decision.tiers) {
    const double high = low + view.propensity;
    if (view.propensity > 0 && view.tier != decision.policy_tier) {
      flips.push_back(
          fmt::format("a draw in [{:.4f}, {:.4f}) instead of {:.4f} would have chosen {}", low, high, draw, view.tier));
    }
    low = high;
  }
}

// Where the price of something crosses over: at `price` the chosen tier leads by `margin`, and it uses `chosen_use` of
// what is priced against `other_use`.
void AddPriceFlip(std::string_view what, double price, double margin, double chosen_use, double other_use,
                  const std::string& other, Sentences& flips) {
  const double more = chosen_use - other_use;
  if (more == 0) return;
  const double crossing = price + margin / more;
  if (!std::isfinite(crossing) || crossing <= 0) return;
  flips.push_back(fmt::format("a price of {} {} {:.4g} (now {:.4g}) prefers {}", what, more > 0 ? "above" : "below",
                              crossing, price, other));
}

void AddPriceFlips(const DecisionRecord& decision, const TierView& chosen, const TierView& other, Sentences& flips) {
  constexpr std::array<std::string_view, 3> kLatePrices = {"late_p50", "late_p95", "late_p99"};
  const double margin = chosen.score - other.score;
  AddPriceFlip("a dollar", PriceOf(decision, "cost_usd", PriceOf(decision, "cost")), margin, chosen.cost_usd,
               other.cost_usd, other.tier, flips);
  for (size_t p = 0; p < kLatePrices.size(); ++p) {
    const std::string what = fmt::format("an answer slower than the {} limit", kLatePrices[p].substr(5));
    AddPriceFlip(what, PriceOf(decision, kLatePrices[p]), margin, chosen.late[p], other.late[p], other.tier, flips);
  }
}

// What an eligible tier that is behind by `margin` would have had to be.
void AddNeeds(const DecisionRecord& decision, const TierView& other, double margin, Sentences& flips) {
  if (const double price = QualityPrice(decision); price > 0) {
    flips.push_back(fmt::format("{} would have the best score if its predicted quality were {:.4f} higher", other.tier,
                                margin / price));
  }
  const double price = DollarPrice(decision, other.tier);
  if (price > 0 && margin / price < other.cost_usd) {
    flips.push_back(fmt::format("{} would have the best score if it cost ${:.3g} instead of ${:.3g}", other.tier,
                                other.cost_usd - margin / price, other.cost_usd));
  }
}

std::string SessionSentence(const TierView& other, double margin) {
  return fmt::format("{}; {} would have been {:.4f} {}", other.exclusion_detail, other.tier, std::abs(margin),
                     margin < 0 ? "better" : "worse");
}

std::string ExclusionSentence(const TierView& other, double margin) {
  const std::string detail = other.exclusion_detail.empty() ? "" : fmt::format(" ({})", other.exclusion_detail);
  const std::string score = margin < 0 ? fmt::format("otherwise it would have had the better score, by {:.4f}", -margin)
                                       : fmt::format("its score is lower by {:.4f} besides", margin);
  return fmt::format("{} was excluded: {}{}; {}", other.tier, WordsOf(other.exclusion), detail, score);
}

const TierView* ViewOf(const DecisionRecord& decision, std::string_view tier) {
  for (const TierView& view : decision.tiers) {
    if (view.tier == tier && view.exclusion == ExclusionReason::kNone) return &view;
  }
  return nullptr;
}

// What policy threshold saw, and what would have moved it. Nothing where it had no choice.
void AddThreshold(const DecisionRecord& decision, const ThresholdConfig& threshold, Sentences& flips) {
  const TierView *strong = ViewOf(decision, threshold.strong), *weak = ViewOf(decision, threshold.weak);
  if (strong == nullptr || weak == nullptr) return;
  const double gain = strong->quality - weak->quality, wins = StrongWins(threshold, gain);
  const bool strong_serves = wins >= threshold.alpha;
  const std::string& other = strong_serves ? weak->tier : strong->tier;
  flips.push_back(fmt::format("P({} wins) was {:.4f}, {} alpha {:.4f}: an alpha {} {:.4f} takes {}", strong->tier, wins,
                              strong_serves ? "not below" : "below", threshold.alpha,
                              strong_serves ? "above" : "of at most", wins, other));
  if (threshold.slope <= 0 || threshold.alpha <= 0 || threshold.alpha >= 1) return;
  const double needed = (std::log(threshold.alpha / (1 - threshold.alpha)) - threshold.intercept) / threshold.slope;
  flips.push_back(fmt::format("{} would have been taken if its predicted quality were {:.4f} higher", other,
                              std::abs(needed - gain)));
}

void AddTier(const DecisionRecord& decision, const TierView& chosen, const TierView& other, bool threshold,
             Sentences& flips) {
  const double margin = chosen.score - other.score;
  if (other.exclusion == ExclusionReason::kSession) {
    flips.push_back(SessionSentence(other, margin));
  } else if (other.exclusion != ExclusionReason::kNone) {
    flips.push_back(ExclusionSentence(other, margin));
  } else if (threshold) {
    // Said once, of both tiers.
  } else if (margin < 0) {
    flips.push_back(fmt::format("{} had a score higher by {:.4f}; {} was chosen {}", other.tier, -margin, chosen.tier,
                                decision.origin == DecisionOrigin::kLive ? "to explore" : "by the caller"));
  } else {
    AddNeeds(decision, other, margin, flips);
    AddPriceFlips(decision, chosen, other, flips);
  }
}

}  // namespace

std::string_view WordsOf(ExclusionReason reason) {
  switch (reason) {
    case ExclusionReason::kNone:
      return "nothing";
    case ExclusionReason::kNotAllowed:
      return "the request did not allow it";
    case ExclusionReason::kNotPinned:
      return "the request pinned another tier";
    case ExclusionReason::kMissingCapability:
      return "it lacks what the request requires";
    case ExclusionReason::kContextWindow:
      return "prompt and answer do not fit its window";
    case ExclusionReason::kRequestCost:
      return "dearer than one request may be";
    case ExclusionReason::kRequestLatency:
      return "likely slower than the request allows";
    case ExclusionReason::kRequestQuality:
      return "worse than the request allows";
    case ExclusionReason::kBudget:
      return "a hard budget did not cover it";
    case ExclusionReason::kCostGuard:
      return "the average cost was too far above its limit for a call as dear";
    case ExclusionReason::kQualityGuard:
      return "the quality floor was not met, so only the safe tier served";
    case ExclusionReason::kSession:
      return "the conversation kept its tier";
    case ExclusionReason::kInfeasible:
      return "the limits could not be met together";
  }
  return "";
}

std::vector<std::string> FlipsOf(const DecisionRecord& decision, double draw, const PolicyConfig& policy) {
  Sentences flips;
  const auto chosen = std::find_if(decision.tiers.begin(), decision.tiers.end(),
                                   [&](const TierView& view) { return view.tier == decision.tier; });
  if (chosen == decision.tiers.end()) return flips;
  if (!decision.infeasible.empty()) {
    flips.push_back(
        fmt::format("the limits could not be met together ({}), so on_infeasible chose", decision.infeasible));
  }
  if (decision.origin == DecisionOrigin::kLive) {
    AddDraws(decision, draw, flips);
  } else {
    flips.push_back(fmt::format("the caller chose; the policy would have chosen {}", decision.policy_tier));
  }
  const bool threshold = policy.kind == PolicyKind::kThreshold;
  if (threshold) AddThreshold(decision, policy.threshold, flips);
  for (const TierView& view : decision.tiers) {
    if (view.tier != chosen->tier) AddTier(decision, *chosen, view, threshold, flips);
  }
  return flips;
}

}  // namespace suffice
