#include "engine/tier_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <utility>

#include "base/decimals.h"
#include "log/records.h"
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

// What surely bounds a call's cost: the input has at most as many tokens as its text has bytes, and a chat's wrapping.
struct CallBounds {
  double input_usd = 0;             // at most
  double output_usd_per_token = 0;  // at the dearest

  CallBounds(const Price& price, size_t text_bytes) {
    constexpr double kChatOverheadTokens = 64;
    const double input_price = std::max(price.input_usd_per_mtok, price.cached_input_usd_per_mtok.value_or(0));
    input_usd = input_price * (static_cast<double>(text_bytes) + kChatOverheadTokens) * 1e-6;
    output_usd_per_token = std::max(price.output_usd_per_mtok, price.reasoning_usd_per_mtok.value_or(0)) * 1e-6;
  }
  // The longest answer with which the call costs at most `cap_usd`; infinite where output is free.
  double LongestAnswer(double cap_usd) const {
    if (output_usd_per_token == 0) return std::numeric_limits<double>::infinity();
    constexpr double kRounding = 1e-9;  // an answer that fits to the last token does
    return std::max(0.0, std::floor((cap_usd - input_usd) / output_usd_per_token + kRounding));
  }
};

// The tightest of bounds, of which those that are 0 are none; 0: no bound.
template <typename T>
T Tightest(std::initializer_list<T> bounds) {
  T tightest = 0;
  for (const T bound : bounds) {
    if (bound > 0 && (tightest == 0 || bound < tightest)) tightest = bound;
  }
  return tightest;
}

// What a call could cost at most; 0 when answers have no known bound.
double WorstCostUsd(const Tier& tier, const CallBounds& bounds, int64_t max_output_tokens) {
  const int64_t longest = Tightest({max_output_tokens, tier.max_output_tokens, tier.context_tokens});
  return longest == 0 ? 0 : bounds.input_usd + bounds.output_usd_per_token * static_cast<double>(longest);
}

std::array<double, 3> LateProbabilities(const LatencyLimits& limits, const TierModel& model,
                                        const TierPrediction& prediction, double input_tokens,
                                        double start_ms) {
  const std::array<double, 3> limit_ms{limits.p50_ms, limits.p95_ms, limits.p99_ms};
  std::array<double, 3> late{};
  for (size_t p = 0; p < late.size(); ++p) {
    if (limit_ms[p] > 0) {
      late[p] = model.LateProbability(prediction.log_latency, input_tokens, limit_ms[p] - start_ms, kLateShares[p]);
    }
  }
  return late;
}

void Exclude(ExclusionReason reason, std::string detail, TierView& view) {
  if (view.exclusion != ExclusionReason::kNone) return;
  view.exclusion = reason;
  view.exclusion_detail = std::move(detail);
}

// The limit on the cost of this one request, and what it leaves for the answer. `input_usd` is what the prompt costs by
// its estimated length.
void CapCost(double cap_usd, const CallBounds& bounds, double input_usd, const TierOffer& offer) {
  const TierPrediction& prediction = offer.prediction;
  if (prediction.cost_high_usd > cap_usd) {
    return Exclude(ExclusionReason::kRequestCost,
                   fmt::format("may cost ${:.3g}, the limit is ${:.3g}", prediction.cost_high_usd, cap_usd),
                   offer.view);
  }
  // An answer that is sure to keep the limit must not have to be cut.
  const double answer_usd = std::max(prediction.cost_usd - input_usd, bounds.output_usd_per_token);
  if (bounds.input_usd + answer_usd > cap_usd) {
    return Exclude(ExclusionReason::kRequestCost,
                   fmt::format("the prompt may cost ${:.3g}, which leaves too little for an answer of ${:.3g}: the "
                               "limit is ${:.3g}",
                               bounds.input_usd, answer_usd, cap_usd),
                   offer.view);
  }
  constexpr double kUnbounded = 1e15;
  const double longest = bounds.LongestAnswer(cap_usd);
  if (longest >= kUnbounded) return;
  offer.max_output_tokens = Tightest({offer.max_output_tokens, static_cast<int64_t>(longest)});
}

// What the request asks of its tier by itself.
void ExcludeByRequest(const RouteRequest& request, const TierModel& model, double input_tokens, const TierOffer& offer) {
  constexpr double kMaxLate = 0.05;
  if (request.max_latency_ms > 0) {
    const double left_ms = request.max_latency_ms - offer.view.start_ms;
    const double late = model.LateProbability(offer.prediction.log_latency, input_tokens, left_ms, kMaxLate);
    if (late > kMaxLate) {
      Exclude(ExclusionReason::kRequestLatency,
              fmt::format("slower than {:.0f} ms with probability {:.3g}", request.max_latency_ms, late), offer.view);
    }
  }
  if (request.min_quality > 0 && offer.prediction.quality < request.min_quality) {
    Exclude(ExclusionReason::kRequestQuality,
            fmt::format("predicted quality {:.3f}, asked for {:.3f}", offer.prediction.quality, request.min_quality),
            offer.view);
  }
}

// As TierViewDecimals says. What a call costs at most stays as it is: a cap counts on it.
void Round(TierView& view) {
  using Decimals = TierViewDecimals;
  for (double* const value : {&view.quality, &view.quality_sigma, &view.late[0], &view.late[1], &view.late[2]}) {
    *value = RoundToDecimals(*value, Decimals::kQuality);
  }
  view.cost_usd = RoundToDecimals(view.cost_usd, Decimals::kUsd);
  view.cost_ratio = RoundToDecimals(view.cost_ratio, Decimals::kRatio);
  for (double* const value : {&view.start_ms, &view.latency_ms}) *value = RoundToDecimals(*value, Decimals::kMs);
  view.observations = RoundToDecimals(view.observations, Decimals::kObservations);
}

// A fresh view that keeps the memory of the old one's strings: nothing of another request may stay.
void Renew(TierView& view) {
  static const TierView fresh;
  view = fresh;
}

}  // namespace

void OfferOf(const Snapshot& snapshot, size_t index, const RouteRequest& request, int64_t time_us, bool cold,
             const Prepared& prepared, const TierOffer& offer) {
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
  const TierModel& model = snapshot.models[index];
  offer.prediction = model.PredictCentre(prepared.x, prepared.input_tokens, request.max_output_tokens, price);
  offer.max_output_tokens = request.max_output_tokens;
  TierView& view = offer.view;
  Renew(view);
  view.tier = tier.name;
  view.exclusion = CheckEligibility(tier, requirements);
  if (view.exclusion != ExclusionReason::kNone) {
    view.exclusion_detail = ExclusionDetail(view.exclusion, tier, request, requirements.context_tokens);
  }
  const CallBounds bounds(price, prepared.text.size());
  const double cap_usd = Tightest({config.limits.cost.per_request_usd, request.max_cost_usd});
  if (cap_usd > 0) {
    model.AddIntervals(prepared.x, prepared.input_tokens, request.max_output_tokens, price, offer.prediction);
    CapCost(cap_usd, bounds, price.input_usd_per_mtok * prepared.input_tokens * 1e-6, offer);
  }
  // Providers refuse a call that asks for more than the model gives.
  if (offer.max_output_tokens > 0) offer.max_output_tokens = Tightest({offer.max_output_tokens, tier.max_output_tokens});
  view.quality = offer.prediction.quality;
  view.quality_sigma = offer.prediction.quality_sigma;
  view.cost_usd = offer.prediction.cost_usd;
  view.cost_ratio = offer.prediction.cost_ratio;
  view.worst_cost_usd = WorstCostUsd(tier, bounds, offer.max_output_tokens);
  view.start_ms = cold ? tier.cold_start_ms : 0;
  view.latency_ms = offer.prediction.latency_ms + view.start_ms;
  view.late = LateProbabilities(config.limits.latency, model, offer.prediction, prepared.input_tokens, view.start_ms);
  view.observations = offer.prediction.observations;
  Round(view);
  ExcludeByRequest(request, model, prepared.input_tokens, offer);
}

}  // namespace suffice
