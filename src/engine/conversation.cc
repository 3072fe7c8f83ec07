#include "engine/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/row_policy.h"

namespace suffice {
namespace {

bool IsEligible(const TierView& view) { return view.exclusion == ExclusionReason::kNone; }

void ForgetConversation(DecisionRecord& row) {
  for (TierView& view : row.tiers) {
    if (view.exclusion != ExclusionReason::kSession) continue;
    view.exclusion = ExclusionReason::kNone;
    view.exclusion_detail.clear();
  }
}

bool AppliesTo(const Snapshot& snapshot, const RouteRequest& request, const DecisionRecord& row) {
  const Config& config = *snapshot.config;
  const bool wanted = !request.session.empty() && config.sessions.keep_tier && config.mode == Mode::kLive &&
                      config.policy.kind != PolicyKind::kFixed;
  const bool limits_choose = !snapshot.limits.infeasible.empty() || snapshot.limits.safe_tier_only;
  return wanted && !limits_choose && (!row.session_tier.empty() || IsToolLoop(request));
}

// What the provider's cache would have saved on the prompt, in dollars.
double LostCacheUsd(const Tier& tier, const DecisionRecord& row) {
  const Price& price = tier.PriceAt(row.time_us);
  if (!price.cached_input_usd_per_mtok) return 0;
  return std::max(0.0, price.input_usd_per_mtok - *price.cached_input_usd_per_mtok) * row.input_tokens_estimate * 1e-6;
}

struct Choice {
  size_t tier = 0;
  std::string why;
};

// Whether the policy's own choice is that of the best score, but for exploration.
bool GoesByScore(PolicyKind kind) {
  return kind != PolicyKind::kRandom && kind != PolicyKind::kWeighted && kind != PolicyKind::kThreshold;
}

// The tier that policy threshold takes when it does not explore. REQUIRES: a tier is eligible.
size_t WithoutEpsilon(PolicyConfig policy, const DecisionRecord& row) {
  policy.threshold.epsilon = 0;
  std::vector<TierView> tiers = row.tiers;
  return static_cast<size_t>(RunPolicy(policy, row.multipliers, /*u=*/0.5, tiers));
}

// The eligible tier of the best score, or what policy threshold takes.
std::optional<size_t> BestOf(const PolicyConfig& policy, const DecisionRecord& row, const RowWeights& weights) {
  const std::vector<TierView>& tiers = row.tiers;
  const bool any = std::any_of(tiers.begin(), tiers.end(), IsEligible);
  if (any && policy.kind == PolicyKind::kThreshold) return WithoutEpsilon(policy, row);
  std::optional<size_t> best;
  double best_score = 0;
  for (size_t i = 0; i < tiers.size(); ++i) {
    if (!IsEligible(tiers[i])) continue;
    const double score = PlainScoreOf(tiers[i], weights);
    if (best && score <= best_score) continue;
    best = i;
    best_score = score;
  }
  return best;
}

// Keeps `had`, or leaves it for the tier that promises most beyond what switching costs.
Choice KeepOrGain(const Config& config, const DecisionRecord& row, const RowWeights& weights, size_t had) {
  Choice choice{had, fmt::format("the conversation keeps {}", row.session_tier)};
  if (!GoesByScore(config.policy.kind)) return choice;
  double most = 0;
  for (size_t i = 0; i < row.tiers.size(); ++i) {
    if (!IsEligible(row.tiers[i]) || i == had) continue;
    const double gain = PlainScoreOf(row.tiers[i], weights) - PlainScoreOf(row.tiers[had], weights);
    const double asked = weights.weights.quality * config.sessions.switch_gain +
                         weights.UsdOn(row.tiers[i].tier) * LostCacheUsd(config.tiers[i], row);
    if (gain - asked <= most) continue;
    most = gain - asked;
    choice = {i, fmt::format("the conversation left {} for {}: {:.4f} better, where more than {:.4f} was asked for",
                             row.session_tier, row.tiers[i].tier, gain, asked)};
  }
  return choice;
}

std::string WhyLeft(const DecisionRecord& row, const TierView* had, const std::string& best, bool by_score) {
  if (row.session_tier.empty()) {
    return fmt::format("nothing is explored in a tool loop: {} {}", best,
                       by_score ? "has the best score" : "is what the policy takes");
  }
  return fmt::format("the conversation left {} ({}) for {}", row.session_tier,
                     had != nullptr ? had->exclusion_detail : "no longer configured", best);
}

}  // namespace

bool IsToolLoop(const RouteRequest& request) {
  if (request.messages.empty()) return false;
  const std::string& role = request.messages.back().role;
  return role == "tool" || role == "function";
}

void KeepConversation(const Snapshot& snapshot, const RouteRequest& request, Consideration& consideration) {
  DecisionRecord& row = consideration.row;
  ForgetConversation(row);
  if (!AppliesTo(snapshot, request, row)) return;
  const RowWeights weights(row.multipliers);
  const auto had = std::find_if(row.tiers.begin(), row.tiers.end(),
                                [&](const TierView& view) { return view.tier == row.session_tier; });
  Choice choice;
  if (had != row.tiers.end() && IsEligible(*had)) {
    choice = KeepOrGain(*snapshot.config, row, weights, static_cast<size_t>(had - row.tiers.begin()));
  } else {
    const std::optional<size_t> best = BestOf(snapshot.config->policy, row, weights);
    if (!best) return;
    choice = {*best, WhyLeft(row, had != row.tiers.end() ? &*had : nullptr, row.tiers[*best].tier,
                             snapshot.config->policy.kind != PolicyKind::kThreshold)};
  }
  for (size_t i = 0; i < row.tiers.size(); ++i) {
    if (i != choice.tier) consideration.Exclude(i, ExclusionReason::kSession, choice.why);
  }
}

}  // namespace suffice
