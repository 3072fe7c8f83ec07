#include "nightly/nightly_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluation/axis.h"
#include "evaluation/chart_frame.h"
#include "evaluation/cost_plane.h"
#include "evaluation/label_layout.h"
#include "evaluation/svg.h"

namespace suffice {
namespace {

constexpr double kWidth = 760;
constexpr double kRowHeight = 30;
constexpr int kBins = 10;

// Shares of held-out evaluations by predicted quality.
struct ReliabilityBin {
  double weight = 0, predicted = 0, reward = 0;
};
using Reliability = std::array<ReliabilityBin, kBins>;

Reliability ReliabilityOf(const GateEvidence& evidence, const Tier& tier, size_t a) {
  Reliability bins{};
  for (size_t i = 0; i < evidence.evaluated.size(); ++i) {
    const auto answer = evidence.evaluated[i]->answers.find(tier.name);
    if (answer == evidence.evaluated[i]->answers.end() || !answer->second.reward) continue;
    const ValueRow& row = evidence.evaluations.quality[i];
    const double predicted = std::clamp(row.model[a], 0.0, 1.0);
    ReliabilityBin& bin = bins[static_cast<size_t>(std::min(kBins - 1, static_cast<int>(predicted * kBins)))];
    bin.weight += row.weight;
    bin.predicted += row.weight * predicted;
    bin.reward += row.weight * *answer->second.reward;
  }
  return bins;
}

// What one set of predictions would buy, at every price of money.
class FrontierMeter {
 public:
  // Of a row: predicted quality and cost by tier.
  void Add(double weight, std::vector<QualityCost> predicted, std::vector<QualityCost> real) {
    rows_.push_back({weight, std::move(predicted), std::move(real)});
  }
  std::vector<QualityCost> Measure() const {
    std::vector<QualityCost> points;
    if (rows_.empty()) return points;
    for (double octave = 26; octave >= -2; octave -= 0.5) points.push_back(At(octave < 0 ? 0 : std::exp2(octave - 4)));
    std::sort(points.begin(), points.end(),
              [](const QualityCost& a, const QualityCost& b) { return a.cost_usd < b.cost_usd; });
    points.erase(std::unique(points.begin(), points.end(),
                             [](const QualityCost& a, const QualityCost& b) { return a.cost_usd == b.cost_usd; }),
                 points.end());
    return points;
  }

 private:
  struct Row {
    double weight;
    std::vector<QualityCost> predicted, real;
  };
  QualityCost At(double price) const {
    QualityCost sum;
    double weights = 0;
    for (const Row& row : rows_) {
      size_t best = 0;
      for (size_t a = 1; a < row.predicted.size(); ++a) {
        const auto score = [&](size_t k) { return row.predicted[k].quality - price * row.predicted[k].cost_usd; };
        if (score(a) > score(best)) best = a;
      }
      sum.quality += row.weight * row.real[best].quality;
      sum.cost_usd += row.weight * row.real[best].cost_usd;
      weights += row.weight;
    }
    return {sum.quality / weights, sum.cost_usd / weights};
  }
  std::vector<Row> rows_;
};

// What the tiers' answers to a held-out sample were really worth; empty unless all of them are known.
std::vector<QualityCost> RealOf(const EvaluatedSample& evaluated, const Config& config) {
  std::vector<QualityCost> real;
  for (const Tier& tier : config.tiers) {
    const auto answer = evaluated.answers.find(tier.name);
    if (answer == evaluated.answers.end() || !answer->second.reward) return {};
    real.push_back({*answer->second.reward, answer->second.cost_usd});
  }
  return real;
}

// As the decision's row has them; empty where it lacks a tier.
std::vector<QualityCost> LoggedPredictions(const NightlySample& sample, const Config& config, EventLog* log) {
  const auto id = DecisionId::Parse(sample.id);
  if (!sample.from_log || !id || log == nullptr) return {};
  const auto observed = log->Find(*id);
  if (!observed.ok() || !*observed) return {};
  std::vector<QualityCost> predicted;
  for (const Tier& tier : config.tiers) {
    for (const TierView& view : (*observed)->decision.tiers) {
      if (view.tier == tier.name) predicted.push_back({view.quality, view.cost_usd});
    }
  }
  return predicted.size() == config.tiers.size() ? predicted : std::vector<QualityCost>();
}

}  // namespace

std::string IntervalsSvg(const std::vector<IntervalLine>& lines, const std::string& axis_name, double scale) {
  double names = 0;
  std::vector<double> values;
  for (const IntervalLine& line : lines) {
    names = std::max(names, TextWidth(line.name));
    for (const double value : {line.estimate.value, line.estimate.low, line.estimate.high}) {
      if (std::isfinite(value)) values.push_back(value * scale);
    }
  }
  const double height = 60 + kRowHeight * static_cast<double>(lines.size());
  Svg svg(kWidth, height, "Estimates with their intervals: " + axis_name);
  const Box frame{names + 24, 10, kWidth - 20, height - 46};
  const ValueRange range = PaddedRange(values, 0.05, false);
  const Axis x = Axis::Linear(range.low, range.high, frame.left, frame.right);
  DrawBottomAxis(svg, x, frame, x.Ticks(7), axis_name);
  for (size_t i = 0; i < lines.size(); ++i) {
    const IntervalLine& line = lines[i];
    const double y = frame.top + kRowHeight * (static_cast<double>(i) + 0.5);
    svg.Text({frame.left - 10, y + 4}, line.name, line.is_candidate ? "policy-text" : "strong", Anchor::kEnd);
    if (!std::isfinite(line.estimate.value)) continue;
    const std::string stroke = line.is_candidate ? "line policy-stroke" : "line mix";
    if (std::isfinite(line.estimate.low) && std::isfinite(line.estimate.high)) {
      svg.Line({x.At(line.estimate.low * scale), y}, {x.At(line.estimate.high * scale), y}, stroke);
    }
    svg.Circle({x.At(line.estimate.value * scale), y}, 5, line.is_candidate ? "dot policy-fill" : "ring known");
  }
  return svg.Finish();
}

std::string ReliabilitySvg(const GateEvidence& evidence, const Config& config) {
  constexpr double kHeight = 420;
  Svg svg(kWidth, kHeight, "Predicted quality against the mean reward of held-out evaluations");
  std::vector<LegendEntry> legend;
  for (size_t a = 0; a < config.tiers.size(); ++a) {
    legend.push_back({LegendEntry::Shape::kDot, TierClass("fill", a), config.tiers[a].name});
  }
  const double bottom = DrawLegend(svg, {66, 24}, kWidth - 20, legend);
  const Box frame{66, bottom + 18, kWidth - 20, kHeight - 54};
  const Axis x = Axis::Linear(0, 1, frame.left, frame.right), y = Axis::Linear(0, 1, frame.bottom, frame.top);
  DrawValueAxis(svg, y, frame, y.Ticks(6), "mean reward");
  DrawBottomAxis(svg, x, frame, x.Ticks(6), "predicted quality");
  svg.Line({x.At(0), y.At(0)}, {x.At(1), y.At(1)}, "axis dashed");
  for (size_t a = 0; a < config.tiers.size(); ++a) {
    std::vector<Point> path;
    for (const ReliabilityBin& bin : ReliabilityOf(evidence, config.tiers[a], a)) {
      if (bin.weight <= 0) continue;
      path.push_back({x.At(bin.predicted / bin.weight), y.At(std::clamp(bin.reward / bin.weight, 0.0, 1.0))});
    }
    if (path.size() > 1) svg.Path(path, "line " + TierClass("stroke", a));
    for (const Point& point : path) svg.Circle(point, 5, "dot " + TierClass("fill", a));
  }
  return svg.Finish();
}

Frontiers MeasureFrontiers(const GateEvidence& evidence, const Config& config, EventLog* log) {
  FrontierMeter before, after;
  for (size_t i = 0; i < evidence.evaluated.size(); ++i) {
    const std::vector<QualityCost> real = RealOf(*evidence.evaluated[i], config);
    if (real.empty()) continue;
    std::vector<QualityCost> predicted;
    for (size_t a = 0; a < config.tiers.size(); ++a) {
      predicted.push_back({evidence.evaluations.quality[i].model[a], evidence.evaluations.cost_usd[i].model[a]});
    }
    const double weight = evidence.evaluations.quality[i].weight;
    after.Add(weight, std::move(predicted), real);
    std::vector<QualityCost> logged = LoggedPredictions(evidence.evaluated[i]->sample, config, log);
    if (!logged.empty()) before.Add(weight, std::move(logged), real);
  }
  return {.before = before.Measure(), .after = after.Measure()};
}

std::string FrontiersSvg(const Frontiers& frontiers, const std::vector<GateRival>& rivals) {
  constexpr double kHeight = 480;
  Svg svg(kWidth, kHeight, "Quality and cost: the most that routing buys before and after, and every policy");
  std::vector<LegendEntry> legend = {{LegendEntry::Shape::kLine, "policy-stroke", "routing by the candidate's models"}};
  if (!frontiers.before.empty()) {
    legend.push_back({LegendEntry::Shape::kDashedLine, "mix", "by the predictions as they were logged"});
  }
  const double bottom = DrawLegend(svg, {66, 24}, kWidth - 20, legend);
  const Box frame{66, bottom + 18, kWidth - 20, kHeight - 54};
  std::vector<QualityCost> all = frontiers.before;
  all.insert(all.end(), frontiers.after.begin(), frontiers.after.end());
  for (const GateRival& rival : rivals) all.push_back({rival.quality.value, rival.cost_usd.value});
  const bool logarithmic = std::all_of(all.begin(), all.end(), [](const QualityCost& p) { return p.cost_usd > 0; });
  const CostPlane plane = MakeCostPlane(all, frame, logarithmic);
  DrawValueAxis(svg, plane.quality, frame, plane.quality.Ticks(7), "mean quality");
  DrawBottomAxis(svg, plane.cost, frame, plane.cost.Ticks(8), CostAxisName(logarithmic));
  std::vector<Point> lines;
  for (const auto& [curve, classes] :
       {std::pair{&frontiers.before, "line dashed mix"}, {&frontiers.after, "line policy-stroke"}}) {
    if (curve->size() < 2) continue;
    const std::vector<Point> path = Bent(*curve, plane, 0);
    svg.Path(path, classes);
    const std::vector<Point> more = EvenlySpaced(path);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  std::vector<Point> places;
  std::vector<std::string> labels;
  for (size_t p = 0; p < rivals.size(); ++p) {
    places.push_back(plane.At({rivals[p].quality.value, rivals[p].cost_usd.value}));
    labels.push_back(rivals[p].name);
    p == GateEvidence::kCandidate
        ? svg.Diamond(places.back(), 8, "policy")
        : svg.Circle(places.back(), 5, p == GateEvidence::kServing ? "ring today" : "ring known");
  }
  const std::vector<PlacedLabel> placed = PlaceLabels(places, labels, lines, frame);
  for (size_t i = 0; i < placed.size(); ++i) svg.Text(placed[i].at, labels[i], "name", placed[i].anchor);
  return svg.Finish();
}

std::string RewardOverTimeSvg(const LogTable& traffic) {
  constexpr double kHeight = 300;
  constexpr size_t kWindows = 40, kFewest = 5;
  std::vector<std::pair<int64_t, double>> rewards;
  for (const LoggedRow& row : traffic.rows) {
    if (row.reward) rewards.emplace_back(row.time_us, *row.reward);
  }
  if (rewards.size() < 2 * kFewest) return "";
  std::sort(rewards.begin(), rewards.end());
  const size_t windows = std::min(kWindows, rewards.size() / kFewest);
  std::vector<double> means, hours;
  for (size_t w = 0; w < windows; ++w) {
    const size_t from = w * rewards.size() / windows, to = (w + 1) * rewards.size() / windows;
    double sum = 0;
    for (size_t i = from; i < to; ++i) sum += rewards[i].second;
    means.push_back(sum / static_cast<double>(to - from));
    hours.push_back(static_cast<double>(rewards[(from + to) / 2].first - rewards.front().first) / 3600e6);
  }
  Svg svg(kWidth, kHeight, "Mean reward over the traffic's time");
  const Box frame{66, 16, kWidth - 20, kHeight - 54};
  const ValueRange range = PaddedRange(means, 0.1, false), span = PaddedRange(hours, 0, false);
  const Axis x = Axis::Linear(span.low, span.high, frame.left, frame.right);
  const Axis y = Axis::Linear(range.low, range.high, frame.bottom, frame.top);
  DrawValueAxis(svg, y, frame, y.Ticks(5), "mean reward");
  DrawBottomAxis(svg, x, frame, x.Ticks(8), "hours since the first decision");
  std::vector<Point> path;
  for (size_t w = 0; w < windows; ++w) path.push_back({x.At(hours[w]), y.At(means[w])});
  svg.Path(path, "line policy-stroke");
  return svg.Finish();
}

}  // namespace suffice
