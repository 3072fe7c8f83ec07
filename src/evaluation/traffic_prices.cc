#include <algorithm>
#include <cmath>

#include "evaluation/traffic.h"

namespace suffice {
namespace {

// Sums behind the least-squares fit of cost = a * input + b * output.
struct CostSums {
  double ii = 0, io = 0, oo = 0, ic = 0, oc = 0, cc = 0;

  void Add(double input, double output, double cost) {
    ii += input * input;
    io += input * output;
    oo += output * output;
    ic += input * cost;
    oc += output * cost;
    cc += cost * cost;
  }
  double SquaredError(double a, double b) const {
    return cc - 2 * (a * ic + b * oc) + a * a * ii + 2 * a * b * io + b * b * oo;
  }
};

struct TokenPrices {
  double input = 0;
  double output = 0;
};

// Non-negative least squares in two unknowns: the free solution if it has no negative part, else the better edge.
TokenPrices FitPrices(const CostSums& sums) {
  const double determinant = sums.ii * sums.oo - sums.io * sums.io;
  if (determinant > 1e-12 * sums.ii * sums.oo) {
    const double a = (sums.ic * sums.oo - sums.oc * sums.io) / determinant;
    const double b = (sums.oc * sums.ii - sums.ic * sums.io) / determinant;
    if (a >= 0 && b >= 0) return {a, b};
  }
  const TokenPrices input_only{sums.ii > 0 ? sums.ic / sums.ii : 0, 0};
  const TokenPrices output_only{0, sums.oo > 0 ? sums.oc / sums.oo : 0};
  return sums.SquaredError(input_only.input, 0) < sums.SquaredError(0, output_only.output) ? input_only : output_only;
}

Price PriceOf(const Traffic& traffic, size_t k) {
  constexpr double kTokensPerMtok = 1e6;
  constexpr double kAssumedOutputTokens = 1000;
  CostSums sums;
  double cost_total = 0;
  int64_t costs = 0, fitted = 0;
  for (const TrafficRow& row : traffic.rows) {
    const TrafficTier& tier = row.tiers[k];
    if (!tier.cost_usd) continue;
    cost_total += *tier.cost_usd;
    ++costs;
    if (!tier.input_tokens || !tier.output_tokens) continue;
    sums.Add(static_cast<double>(*tier.input_tokens), static_cast<double>(*tier.output_tokens), *tier.cost_usd);
    ++fitted;
  }
  if (cost_total <= 0) return {};
  // Two unknowns want more than two rows; and a fit without an output price would leave the rest of the cost
  // unlearnable.
  if (fitted > 2) {
    const TokenPrices prices = FitPrices(sums);
    const bool exact = sums.SquaredError(prices.input, prices.output) <= 1e-9 * sums.cc;
    if (prices.output > 0 || exact) return {prices.input * kTokensPerMtok, prices.output * kTokensPerMtok};
  }
  return {0, cost_total / static_cast<double>(costs) / kAssumedOutputTokens * kTokensPerMtok};
}

// The answer's length at which a call costs as much as the dearest recorded one did, the bound that hard budgets
// reserve by: the prompt counts a token a byte there, which is left out here, so that no call is dearer.
int64_t CoveringOutputTokens(const Traffic& traffic, size_t k, const Price& price) {
  double dearest = 0, tokens = 1;
  for (const TrafficRow& row : traffic.rows) {
    dearest = std::max(dearest, row.tiers[k].cost_usd.value_or(0));
    tokens = std::max(tokens, static_cast<double>(row.tiers[k].output_tokens.value_or(0)));
  }
  if (price.output_usd_per_mtok > 0) tokens = std::max(tokens, std::ceil(dearest * 1e6 / price.output_usd_per_mtok));
  return static_cast<int64_t>(std::min(tokens, 1e9));
}

}  // namespace

std::vector<Tier> TiersFromTraffic(const Traffic& traffic) {
  std::vector<Tier> tiers;
  for (size_t k = 0; k < traffic.tier_names.size(); ++k) {
    Tier tier;
    tier.name = traffic.tier_names[k];
    tier.model = tier.name;
    tier.price = PriceOf(traffic, k);
    tier.max_output_tokens = CoveringOutputTokens(traffic, k, tier.price);
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

}  // namespace suffice
