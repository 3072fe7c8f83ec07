#include "evaluation/baselines.h"

#include <algorithm>

namespace suffice {
namespace {

double CostOf(const TrafficTier& observed, const Price& price) {
  if (observed.cost_usd) return *observed.cost_usd;
  return (price.input_usd_per_mtok * static_cast<double>(observed.input_tokens.value_or(0)) +
          price.output_usd_per_mtok * static_cast<double>(observed.output_tokens.value_or(0))) *
         1e-6;
}

std::vector<QualityCost> TierMeans(const QualityCostTable& table) {
  std::vector<QualityCost> means(table.front().size());
  for (const auto& row : table) {
    for (size_t k = 0; k < means.size(); ++k) {
      means[k].quality += row[k].quality;
      means[k].cost_usd += row[k].cost_usd;
    }
  }
  const double n = static_cast<double>(table.size());
  for (QualityCost& mean : means) mean = {mean.quality / n, mean.cost_usd / n};
  return means;
}

// True where `b` lies on or below the segment from `a` to `c`.
bool IsUnder(const QualityCost& a, const QualityCost& b, const QualityCost& c) {
  return (b.quality - a.quality) * (c.cost_usd - a.cost_usd) <= (c.quality - a.quality) * (b.cost_usd - a.cost_usd);
}

std::vector<QualityCost> OptimumPoints(const QualityCostTable& table) {
  QualityCost at;                  // sums over rows
  std::vector<QualityCost> steps;  // what each next step of a row's hull adds
  for (const auto& row : table) {
    const auto hull = UpperHull(row);
    at.quality += hull.front().quality;
    at.cost_usd += hull.front().cost_usd;
    for (size_t j = 1; j < hull.size(); ++j) {
      steps.push_back({hull[j].quality - hull[j - 1].quality, hull[j].cost_usd - hull[j - 1].cost_usd});
    }
  }
  std::sort(steps.begin(), steps.end(),
            [](const QualityCost& a, const QualityCost& b) { return a.quality / a.cost_usd > b.quality / b.cost_usd; });
  const double n = static_cast<double>(table.size());
  std::vector<QualityCost> points{{at.quality / n, at.cost_usd / n}};
  for (const QualityCost& step : steps) {
    at.quality += step.quality;
    at.cost_usd += step.cost_usd;
    points.push_back({at.quality / n, at.cost_usd / n});
  }
  return points;
}

// Mean quality of the tiers whose mean cost is `cost_usd`.
double MeanQualityAt(const std::vector<QualityCost>& always, double cost_usd) {
  double total = 0;
  int count = 0;
  for (const QualityCost& tier : always) {
    if (tier.cost_usd != cost_usd) continue;
    total += tier.quality;
    ++count;
  }
  return total / count;
}

}  // namespace

QualityCostTable MakeQualityCostTable(const Traffic& traffic, const std::vector<Tier>& tiers) {
  QualityCostTable table;
  table.reserve(traffic.rows.size());
  for (const TrafficRow& row : traffic.rows) {
    auto& entry = table.emplace_back();
    for (size_t k = 0; k < tiers.size(); ++k) {
      entry.push_back({row.tiers[k].quality, CostOf(row.tiers[k], tiers[k].price)});
    }
  }
  return table;
}

double CostCurve::At(double cost_usd) const {
  if (cost_usd <= points_.front().cost_usd) return points_.front().quality;
  if (cost_usd >= points_.back().cost_usd) return points_.back().quality;
  const auto right = std::upper_bound(points_.begin(), points_.end(), cost_usd,
                                      [](double cost, const QualityCost& point) { return cost < point.cost_usd; });
  const QualityCost& b = *right;
  const QualityCost& a = *(right - 1);
  return a.quality + (b.quality - a.quality) * (cost_usd - a.cost_usd) / (b.cost_usd - a.cost_usd);
}

double Baselines::RandomMixAt(double cost_usd) const {
  const auto [cheapest, dearest] = std::minmax_element(
      always.begin(), always.end(), [](const QualityCost& a, const QualityCost& b) { return a.cost_usd < b.cost_usd; });
  const double low = MeanQualityAt(always, cheapest->cost_usd);
  const double high = MeanQualityAt(always, dearest->cost_usd);
  const double span = dearest->cost_usd - cheapest->cost_usd;
  if (span <= 0) return low;
  const double share = std::clamp((cost_usd - cheapest->cost_usd) / span, 0.0, 1.0);
  return low + share * (high - low);
}

Baselines MakeBaselines(const QualityCostTable& table) {
  auto always = TierMeans(table);
  CostCurve best_mix(UpperHull(always));
  return {std::move(always), std::move(best_mix), CostCurve(OptimumPoints(table))};
}

std::vector<QualityCost> UpperHull(std::vector<QualityCost> points) {
  std::sort(points.begin(), points.end(), [](const QualityCost& a, const QualityCost& b) {
    return a.cost_usd != b.cost_usd ? a.cost_usd < b.cost_usd : a.quality > b.quality;
  });
  std::vector<QualityCost> hull;
  for (const QualityCost& point : points) {
    if (!hull.empty() && point.quality <= hull.back().quality) continue;  // dearer and no better
    while (hull.size() >= 2 && IsUnder(hull[hull.size() - 2], hull.back(), point)) hull.pop_back();
    hull.push_back(point);
  }
  return hull;
}

double BestWeightedObjective(const QualityCostTable& table, double cost_weight) {
  double total = 0;
  for (const auto& row : table) {
    double best = row.front().quality - cost_weight * row.front().cost_usd;
    for (const QualityCost& tier : row) best = std::max(best, tier.quality - cost_weight * tier.cost_usd);
    total += best;
  }
  return total / static_cast<double>(table.size());
}

std::optional<double> GapClosed(double quality, double best_mix, double optimum) {
  if (optimum - best_mix < 1e-9) return std::nullopt;
  return (quality - best_mix) / (optimum - best_mix);
}

}  // namespace suffice
