// Which tier and which prompts changed between the two windows.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "evaluation/insights.h"
#include "stats/k_means.h"

namespace suffice {
namespace {

constexpr uint64_t kSeed = 1;           // of the clusters' start
constexpr size_t kProperties = 3;       // named for a cluster
constexpr double kMinDeviations = 0.3;  // that a property must be off by to be named
constexpr size_t kExamples = 2;

// Points without their bias, one a column.
Eigen::MatrixXf PointsOf(const std::vector<InsightRow>& rows) {
  Eigen::MatrixXf points(std::ssize(rows.front().x) - 1, std::ssize(rows));
  for (size_t i = 0; i < rows.size(); ++i) {
    points.col(static_cast<Eigen::Index>(i)) = Eigen::Map<const Eigen::VectorXf>(rows[i].x.data() + 1, points.rows());
  }
  return points;
}

// Sums of one counted property over rows.
Sample PropertyOver(const std::vector<const InsightRow*>& rows, size_t property) {
  Sample sample;
  for (const InsightRow* row : rows) {
    if (row->properties) sample.Add((*row->properties)[property]);
  }
  return sample;
}

double Deviation(const Sample& sample) {
  const double n = static_cast<double>(sample.n);
  return std::sqrt(std::max(0.0, sample.squares / n - sample.Mean() * sample.Mean()));
}

std::vector<std::pair<std::string, double>> TellingProperties(const std::vector<const InsightRow*>& members,
                                                              const std::vector<const InsightRow*>& all) {
  std::vector<std::pair<std::string, double>> telling;
  for (size_t p = 0; p < size_t{kPropertyCount}; ++p) {
    const Sample here = PropertyOver(members, p), everywhere = PropertyOver(all, p);
    if (here.n == 0 || !(Deviation(everywhere) > 0)) continue;
    const double off = (here.Mean() - everywhere.Mean()) / Deviation(everywhere);
    if (std::abs(off) >= kMinDeviations) telling.emplace_back(PropertyNames()[p], off);
  }
  std::stable_sort(telling.begin(), telling.end(),
                   [](const auto& a, const auto& b) { return std::abs(a.second) > std::abs(b.second); });
  telling.resize(std::min(telling.size(), kProperties));
  return telling;
}

// The stored prompts nearest to the centre, each once.
std::vector<std::string> ExamplesOf(const std::vector<const InsightRow*>& members, const Eigen::VectorXf& centre) {
  std::vector<std::pair<float, const std::string*>> near;
  for (const InsightRow* row : members) {
    if (row->prompt.empty()) continue;
    const Eigen::Map<const Eigen::VectorXf> x(row->x.data() + 1, centre.size());
    near.emplace_back((x - centre).squaredNorm(), &row->prompt);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> examples;
  for (const auto& [distance, prompt] : near) {
    if (std::find(examples.begin(), examples.end(), *prompt) == examples.end()) examples.push_back(*prompt);
    if (examples.size() == kExamples) break;
  }
  return examples;
}

void Count(const InsightRow& row, bool is_newer, TierChange& tier) {
  ++(is_newer ? tier.newer_decisions : tier.older_decisions);
  if (row.residual) (is_newer ? tier.newer_residual : tier.older_residual).Add(*row.residual);
}

void Count(const InsightRow& row, bool is_newer, ClusterChange& cluster) {
  ++(is_newer ? cluster.newer_decisions : cluster.older_decisions);
  if (row.reward) (is_newer ? cluster.newer_reward : cluster.older_reward).Add(*row.reward);
}

}  // namespace

std::vector<TierChange> FindTierChanges(const InsightEvidence& evidence, size_t newer, double discovery_rate) {
  const Config& config = *evidence.snapshot->config;
  std::vector<TierChange> tiers(config.tiers.size());
  for (size_t i = 0; i < evidence.rows.size(); ++i) {
    const InsightRow& row = evidence.rows[i];
    if (row.tier >= 0) Count(row, i >= newer, tiers[static_cast<size_t>(row.tier)]);
  }
  const auto older_n = static_cast<int64_t>(newer), newer_n = std::ssize(evidence.rows) - older_n;
  std::vector<Finding*> shares, residuals;
  for (size_t k = 0; k < tiers.size(); ++k) {
    TierChange& tier = tiers[k];
    tier.tier = config.tiers[k].name;
    tier.share = CompareShares(tier.older_decisions, older_n, tier.newer_decisions, newer_n);
    tier.residual = CompareMeans(tier.older_residual, tier.newer_residual);
    tier.cost_ratio = evidence.cost_ratios[k];
    tier.alarms = evidence.drift[k].alarms;
    shares.push_back(&tier.share);
    residuals.push_back(&tier.residual);
  }
  MarkFindings(shares, discovery_rate);
  MarkFindings(residuals, discovery_rate);
  return tiers;
}

std::vector<ClusterChange> FindClusterChanges(const InsightEvidence& evidence, size_t newer, int clusters,
                                              double discovery_rate) {
  const std::vector<InsightRow>& rows = evidence.rows;
  const Clusters found = KMeans(PointsOf(rows), clusters, kSeed);
  std::vector<const InsightRow*> all;
  std::vector<std::vector<const InsightRow*>> members(found.sizes.size());
  std::vector<ClusterChange> changes(found.sizes.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto cluster = static_cast<size_t>(found.cluster_of[i]);
    all.push_back(&rows[i]);
    members[cluster].push_back(&rows[i]);
    Count(rows[i], i >= newer, changes[cluster]);
  }
  const auto older_n = static_cast<int64_t>(newer), newer_n = std::ssize(rows) - older_n;
  std::vector<Finding*> shares, rewards;
  for (size_t c = 0; c < changes.size(); ++c) {
    ClusterChange& cluster = changes[c];
    cluster.share = CompareShares(cluster.older_decisions, older_n, cluster.newer_decisions, newer_n);
    cluster.reward = CompareMeans(cluster.older_reward, cluster.newer_reward);
    cluster.properties = TellingProperties(members[c], all);
    cluster.examples = ExamplesOf(members[c], found.centres.col(static_cast<Eigen::Index>(c)));
    shares.push_back(&cluster.share);
    rewards.push_back(&cluster.reward);
  }
  MarkFindings(shares, discovery_rate);
  MarkFindings(rewards, discovery_rate);
  return changes;
}

}  // namespace suffice
