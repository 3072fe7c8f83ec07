#include "engine/tier_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "policy/policy.h"

namespace suffice {
namespace {

std::string ExclusionDetail(ExclusionReason reason, const Tier& tier, const RouteRequest& request,
                            int64_t context_tokens) {
  switch (reason) {
    case ExclusionReason::kNone:
      return "";
    case ExclusionReason::kNotAllowed:
      return "not in allowed_tiers";
    case ExclusionReason::kNotPinned:
      return fmt::format("{} is pinned", request.pinned_tier);
    case ExclusionReason::kMissingCapability:
      for (const std::string& wanted : request.required_capabilities) {
        if (std::find(tier.capabilities.begin(), tier.capabilities.end(), wanted) == tier.capabilities.end()) {
          return fmt::format("lacks {}", wanted);
        }
      }
      return "lacks a required capability";
    case ExclusionReason::kContextWindow:
      return fmt::format("needs {} tokens, window is {}", context_tokens, tier.context_tokens);
    default:  // found later, and told there
      return "";
  }
  return "";
}

// What a call could cost at most, input tokens bounded by the bytes of the text; 0 when answers have no known bound.
double WorstCostUsd(const Tier& tier, const Price& price, size_t bytes, int64_t max_output_tokens) {
  constexpr double kChatOverheadTokens = 64;
  const double input_tokens = static_cast<double>(bytes) + kChatOverheadTokens;
  double output_tokens = std::numeric_limits<double>::infinity();
  for (const int64_t bound : {max_output_tokens, tier.max_output_tokens, tier.context_tokens}) {
    if (bound > 0) output_tokens = std::min(output_tokens, static_cast<double>(bound));
  }
  if (!std::isfinite(output_tokens)) return 0;
  const double input_price = std::max(price.input_usd_per_mtok, price.cached_input_usd_per_mtok.value_or(0));
  const double output_price = std::max(price.output_usd_per_mtok, price.reasoning_usd_per_mtok.value_or(0));
  return (input_price * input_tokens + output_price * output_tokens) * 1e-6;
}

std::array<double, 3> LateProbabilities(const LatencyLimits& limits, const TierModel& model,
                                        const TierPrediction& prediction, double start_ms) {
  const std::array<double, 3> limit_ms{limits.p50_ms, limits.p95_ms, limits.p99_ms};
  std::array<double, 3> late{};
  for (size_t p = 0; p < late.size(); ++p) {
    if (limit_ms[p] > 0) {
      late[p] = model.LateProbability(prediction.log_latency, limit_ms[p] - start_ms, kLateShares[p]);
    }
  }
  return late;
}

// What the request asks of its tier by itself, in limits of its own or the configuration's for one request.
void ExcludeByRequest(const Config& config, const RouteRequest& request, double start_ms, const TierModel& model,
                      const TierPrediction& prediction, TierView& view) {
  constexpr double kMaxLate = 0.05;
  const auto exclude = [&view](ExclusionReason reason, std::string detail) {
    view.exclusion = reason;
    view.exclusion_detail = std::move(detail);
  };
  double cost_cap = config.limits.cost.per_request_usd;
  if (request.max_cost_usd > 0 && (cost_cap == 0 || request.max_cost_usd < cost_cap)) cost_cap = request.max_cost_usd;
  if (cost_cap > 0 && prediction.cost_high_usd > cost_cap) {
    return exclude(ExclusionReason::kRequestCost,
                   fmt::format("may cost ${:.3g}, the limit is ${:.3g}", prediction.cost_high_usd, cost_cap));
  }
  if (request.max_latency_ms > 0) {
    const double late = model.LateProbability(prediction.log_latency, request.max_latency_ms - start_ms, kMaxLate);
    if (late > kMaxLate) {
      return exclude(ExclusionReason::kRequestLatency, fmt::format("slower than {:.0f} ms with probability {:.3g}",
                                                                   request.max_latency_ms, late));
    }
  }
  if (request.min_quality > 0 && prediction.quality < request.min_quality) {
    exclude(ExclusionReason::kRequestQuality,
            fmt::format("predicted quality {:.3f}, asked for {:.3f}", prediction.quality, request.min_quality));
  }
}

}  // namespace

TierView ViewTier(const Snapshot& snapshot, size_t index, const RouteRequest& request, int64_t time_us, bool cold,
                  const Prepared& prepared, TierPrediction& prediction) {
  const Config& config = *snapshot.config;
  const Tier& tier = config.tiers[index];
  const Price& price = tier.PriceAt(time_us);
  const Requirements requirements{
      .capabilities = request.required_capabilities,
      .allowed_tiers = request.allowed_tiers,
      .pinned_tier = request.pinned_tier,
      .context_tokens = request.required_context_tokens > 0
                            ? request.required_context_tokens
                            : static_cast<int64_t>(prepared.input_tokens) + request.max_output_tokens,
  };
  TierView view;
  view.tier = tier.name;
  view.exclusion = CheckEligibility(tier, requirements);
  view.exclusion_detail = ExclusionDetail(view.exclusion, tier, request, requirements.context_tokens);
  const TierModel& model = snapshot.models[index];
  prediction = model.Predict(prepared.x, prepared.input_tokens, request.max_output_tokens, price);
  const double start_ms = cold ? tier.cold_start_ms : 0;
  view.quality = prediction.quality;
  view.quality_sigma = prediction.quality_sigma;
  view.cost_usd = prediction.cost_usd;
  view.worst_cost_usd = WorstCostUsd(tier, price, prepared.text.size(), request.max_output_tokens);
  view.latency_ms = prediction.latency_ms + start_ms;
  view.late = LateProbabilities(config.limits.latency, model, prediction, start_ms);
  view.observations = prediction.observations;
  if (view.exclusion == ExclusionReason::kNone) ExcludeByRequest(config, request, start_ms, model, prediction, view);
  return view;
}

}  // namespace suffice
