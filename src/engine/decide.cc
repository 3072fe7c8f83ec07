#include "engine/decide.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/label.h"
#include "base/status_macros.h"
#include "engine/conversation.h"
#include "engine/row_policy.h"
#include "engine/tier_views.h"
#include "features/sketch.h"
#include "policy/policy.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr double kIntervalZ = 1.6448536269514722;  // central 90% of a normal
constexpr uint64_t kAuditSalt = 0xa0d17;           // makes the audit's draw independent of the tier's
constexpr uint64_t kKeepSalt = 0x4ee9;

absl::Status CheckKnownTier(const char* field, const std::string& tier, const Config& config) {
  if (config.TierIndex(tier) >= 0) return absl::OkStatus();
  std::vector<std::string> names;
  for (const Tier& t : config.tiers) names.push_back(t.name);
  return InvalidField(field, fmt::format("unknown tier \"{}\"; expected one of {}", tier, fmt::join(names, ", ")));
}

absl::Status CheckInput(const RouteRequest& request, const Config& config) {
  if (request.prompt.empty() && request.messages.empty()) {
    return InvalidField("prompt", "expected a prompt or messages, got neither");
  }
  if (!request.prompt.empty() && !request.messages.empty()) {
    return InvalidField("messages", "expected either a prompt or messages, got both");
  }
  size_t bytes = request.prompt.size();
  for (const Message& message : request.messages) bytes += message.role.size() + message.content.size();
  if (bytes > static_cast<size_t>(config.serve.max_prompt_bytes)) {
    return InvalidField(request.prompt.empty() ? "messages" : "prompt",
                        fmt::format("expected at most {} bytes, got {}", config.serve.max_prompt_bytes, bytes));
  }
  return absl::OkStatus();
}

absl::Status Prepare(const Snapshot& snapshot, const RouteRequest& request, uint64_t salt, Prepared& prepared) {
  RequestText(request, prepared.text);
  SketchText(prepared.text, salt, prepared.sketch);
  SUFFICE_RETURN_IF_ERROR(EncodeExtras(request, snapshot.config->features, prepared.sketch.extras));
  prepared.x.resize(snapshot.features->dimensions());
  snapshot.features->Compute(prepared.sketch, prepared.x);
  prepared.input_tokens = EstimateTokens(prepared.text);
  return absl::OkStatus();
}

bool IsEligible(const TierView& view) { return view.exclusion == ExclusionReason::kNone; }
bool AnyEligible(const std::vector<TierView>& tiers) { return std::any_of(tiers.begin(), tiers.end(), IsEligible); }

std::string ReasonsOf(const std::vector<TierView>& tiers) {
  std::vector<std::string> reasons;
  for (const TierView& view : tiers) reasons.push_back(fmt::format("{}: {}", view.tier, view.exclusion_detail));
  return fmt::format("{}", fmt::join(reasons, "; "));
}

absl::Status InfeasibleError(const std::string& why) {
  return WithReason(absl::FailedPreconditionError(why), "INFEASIBLE");
}

absl::Status NoTierEligible(const std::vector<TierView>& tiers) {
  absl::Status status = absl::FailedPreconditionError(fmt::format("no tier is eligible ({})", ReasonsOf(tiers)));
  const bool too_dear = std::any_of(tiers.begin(), tiers.end(), [](const TierView& view) {
    return view.exclusion == ExclusionReason::kRequestCost;
  });
  return too_dear ? WithReason(std::move(status), "INFEASIBLE") : status;
}

// The eligible tier with the most of something. REQUIRES: there is one.
template <typename Value>
size_t BestEligible(const std::vector<TierView>& tiers, Value value) {
  size_t best = tiers.size();
  for (size_t i = 0; i < tiers.size(); ++i) {
    if (IsEligible(tiers[i]) && (best == tiers.size() || value(tiers[i]) > value(tiers[best]))) best = i;
  }
  return best;
}

// Leaves the one tier that answers while limits cannot be met.
void KeepFallback(OnInfeasible answer, Consideration& consideration) {
  auto& tiers = consideration.row.tiers;
  const size_t kept = answer == OnInfeasible::kSafest
                          ? BestEligible(tiers, [](const TierView& view) { return view.quality; })
                          : BestEligible(tiers, [](const TierView& view) { return -view.cost_usd; });
  for (size_t i = 0; i < tiers.size(); ++i) {
    if (i != kept) consideration.Exclude(i, ExclusionReason::kInfeasible, consideration.row.infeasible);
  }
}

// When the request's own wishes for latency and quality leave no tier, they are what cannot be met.
void ForgiveWishes(DecisionRecord& row) {
  const auto wished = [](const TierView& view) {
    return view.exclusion == ExclusionReason::kRequestLatency || view.exclusion == ExclusionReason::kRequestQuality;
  };
  if (AnyEligible(row.tiers) || std::none_of(row.tiers.begin(), row.tiers.end(), wished)) return;
  row.infeasible = "no tier meets the request's own limits: " + ReasonsOf(row.tiers);
  for (TierView& view : row.tiers) {
    if (!wished(view)) continue;
    view.exclusion = ExclusionReason::kNone;
    view.exclusion_detail.clear();
  }
}

// Takes back what an earlier call of ApplyLimits excluded.
void ForgetLimits(DecisionRecord& row) {
  for (TierView& view : row.tiers) {
    if (view.exclusion != ExclusionReason::kInfeasible && view.exclusion != ExclusionReason::kQualityGuard) continue;
    view.exclusion = ExclusionReason::kNone;
    view.exclusion_detail.clear();
  }
}

// Applies what the limits say of every request.
absl::Status ApplyLimits(const Snapshot& snapshot, Consideration& consideration) {
  const LimitsInForce& limits = snapshot.limits;
  DecisionRecord& row = consideration.row;
  if (row.infeasible.empty()) row.infeasible = limits.infeasible;
  ForgiveWishes(row);
  if (!AnyEligible(row.tiers)) return NoTierEligible(row.tiers);
  if (!row.infeasible.empty()) {
    if (snapshot.config->on_infeasible == OnInfeasible::kReject) return InfeasibleError(row.infeasible);
    KeepFallback(snapshot.config->on_infeasible, consideration);
  } else if (limits.safe_tier_only) {
    const auto safe = static_cast<size_t>(limits.safe_tier);
    const size_t kept = IsEligible(row.tiers[safe])
                            ? safe
                            : BestEligible(row.tiers, [](const TierView& view) { return view.quality; });
    for (size_t i = 0; i < row.tiers.size(); ++i) {
      if (i != kept) consideration.Exclude(i, ExclusionReason::kQualityGuard, limits.guard_detail);
    }
  }
  return absl::OkStatus();
}

DecisionOrigin OriginOf(Mode mode) {
  switch (mode) {
    case Mode::kLive:
      return DecisionOrigin::kLive;
    case Mode::kApprentice:
      return DecisionOrigin::kApprentice;
    case Mode::kLogOnly:
      return DecisionOrigin::kLogOnly;
  }
  return DecisionOrigin::kLive;
}

// A fresh row that keeps the memory of the old one: of its strings and vectors (assigning keeps it), and, within them,
// of its tiers and multipliers, which are written over.
void Renew(DecisionRecord& row) {
  static const DecisionRecord fresh;
  std::vector<TierView> tiers;
  std::vector<std::pair<std::string, double>> multipliers;
  tiers.swap(row.tiers);
  multipliers.swap(row.multipliers);
  row = fresh;
  tiers.swap(row.tiers);
  multipliers.swap(row.multipliers);
}

// Writes over `row` the parts that do not depend on which tier was chosen.
void StartRow(const Snapshot& snapshot, const RouteRequest& request, const DecideContext& context,
              const Prepared& prepared, DecisionRecord& row) {
  const Config& config = *snapshot.config;
  Renew(row);
  row.id = context.id;
  row.request_id = request.request_id;
  row.time_us = context.time_us;
  row.tenant = request.tenant;
  row.session = request.session;
  if (config.sessions.keep_tier) row.session_tier = context.session_tier;
  row.feature_version = snapshot.features->version();
  row.features = prepared.x;
  if (config.log.prompts != PromptLogging::kNone) prepared.sketch.EncodeTo(row.sketch);
  if (config.log.prompts == PromptLogging::kFull) row.prompt = prepared.text;
  row.input_tokens_estimate = prepared.input_tokens;
  row.caller_tier = request.caller_tier;
  row.snapshot = snapshot.number;
  row.release = snapshot.release;
  row.config_hash = snapshot.config_hash;
  row.seed = context.seed;
}

// Reused from one decision to the next on a thread.
Prepared& ThreadScratch() {
  thread_local Prepared prepared;
  return prepared;
}

}  // namespace

absl::Status CheckRequest(const RouteRequest& request, const Config& config) {
  SUFFICE_RETURN_IF_ERROR(CheckInput(request, config));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("request_id", request.request_id));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", request.tenant));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("session", request.session));
  if (request.max_output_tokens < 0) return InvalidField("max_output_tokens", "expected 0 or more");
  if (request.required_context_tokens < 0) return InvalidField("required_context_tokens", "expected 0 or more");
  for (const auto& [field, value] : {std::pair{"max_cost_usd", request.max_cost_usd},
                                     {"max_latency_ms", request.max_latency_ms},
                                     {"min_quality", request.min_quality}}) {
    if (!(std::isfinite(value) && value >= 0)) {
      return InvalidField(field, fmt::format("expected a finite number >= 0, got {}", value));
    }
  }
  for (const std::string& tier : request.allowed_tiers) {
    SUFFICE_RETURN_IF_ERROR(CheckKnownTier("allowed_tiers", tier, config));
  }
  if (!request.pinned_tier.empty()) SUFFICE_RETURN_IF_ERROR(CheckKnownTier("pinned_tier", request.pinned_tier, config));
  if (!request.caller_tier.empty()) SUFFICE_RETURN_IF_ERROR(CheckKnownTier("caller_tier", request.caller_tier, config));
  if (config.mode != Mode::kLive && request.caller_tier.empty()) {
    return InvalidField("caller_tier",
                        fmt::format("expected the caller's own choice in mode {}", ToString(config.mode)));
  }
  return absl::OkStatus();
}

void Consideration::Exclude(size_t tier, ExclusionReason reason, std::string detail) {
  TierView& view = row.tiers[tier];
  if (view.exclusion != ExclusionReason::kNone) return;
  view.exclusion = reason;
  view.exclusion_detail = std::move(detail);
}

absl::StatusOr<Consideration> Consider(const Snapshot& snapshot, const RouteRequest& request,
                                       const DecideContext& context) {
  Consideration consideration;
  SUFFICE_RETURN_IF_ERROR(Consider(snapshot, request, context, consideration));
  return consideration;
}

absl::Status Consider(const Snapshot& snapshot, const RouteRequest& request, const DecideContext& context,
                      Consideration& consideration) {
  const Config& config = *snapshot.config;
  SUFFICE_RETURN_IF_ERROR(CheckRequest(request, config));
  Prepared& prepared = ThreadScratch();
  SUFFICE_RETURN_IF_ERROR(Prepare(snapshot, request, context.salt, prepared));

  DecisionRecord& row = consideration.row;
  StartRow(snapshot, request, context, prepared, row);
  row.origin = OriginOf(config.mode);
  row.max_output_tokens = request.max_output_tokens;
  MultipliersOf(snapshot.limits, request.tenant, config.tiers, row.multipliers);
  row.tiers.resize(config.tiers.size());
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    const bool cold = i < context.cold.size() && context.cold[i];
    OfferOf(snapshot, i, request, context.time_us, cold, prepared,
            {row.tiers[i], consideration.predictions[i], consideration.max_output_tokens[i]});
  }
  return absl::OkStatus();
}

absl::Status Choose(const Snapshot& snapshot, const RouteRequest& request, Consideration& consideration) {
  const Config& config = *snapshot.config;
  DecisionRecord& row = consideration.row;
  ForgetLimits(row);
  KeepConversation(snapshot, request, consideration);
  SUFFICE_RETURN_IF_ERROR(ApplyLimits(snapshot, consideration));
  const int drawn = RunPolicy(config.policy, row.multipliers, DrawNumber(row.id, row.seed), row.tiers);
  row.policy_tier = row.tiers[drawn].tier;
  const int chosen = config.mode == Mode::kLive ? drawn : config.TierIndex(request.caller_tier);
  row.tier = row.tiers[chosen].tier;
  row.price_version = config.tiers[chosen].PriceVersionAt(row.time_us);
  row.propensity = config.mode == Mode::kLive ? row.tiers[chosen].propensity : 1;
  TierPrediction& p = consideration.predictions[chosen];
  snapshot.models[chosen].AddIntervals(row.features, row.input_tokens_estimate, row.max_output_tokens,
                                       config.tiers[chosen].PriceAt(row.time_us), p);
  row.cost_usd = {p.cost_usd, p.cost_low_usd, p.cost_high_usd};
  const double start_ms = row.tiers[chosen].start_ms;
  row.latency_ms = {p.latency_ms + start_ms, p.latency_low_ms + start_ms, p.latency_high_ms + start_ms};
  row.call_max_output_tokens = consideration.max_output_tokens[chosen];
  row.audit_probability = config.audit_rate;
  row.audit = UnitInterval(Hash64(row.id.Raw(), row.seed ^ kAuditSalt)) < config.audit_rate;
  row.keep_probability = config.log.keep_probability;
  return absl::OkStatus();
}

absl::StatusOr<DecisionRecord> Decide(const Snapshot& snapshot, const RouteRequest& request,
                                      const DecideContext& context) {
  Consideration consideration;
  SUFFICE_RETURN_IF_ERROR(Consider(snapshot, request, context, consideration));
  SUFFICE_RETURN_IF_ERROR(Choose(snapshot, request, consideration));
  return std::move(consideration.row);
}

absl::StatusOr<DecisionRecord> EvaluationRow(const Snapshot& snapshot, const RouteRequest& request,
                                             const std::string& tier, const DecideContext& context) {
  SUFFICE_RETURN_IF_ERROR(CheckInput(request, *snapshot.config));
  Prepared& prepared = ThreadScratch();
  SUFFICE_RETURN_IF_ERROR(Prepare(snapshot, request, context.salt, prepared));
  DecisionRecord row;
  StartRow(snapshot, request, context, prepared, row);
  row.origin = DecisionOrigin::kEval;
  row.tier = tier;
  row.policy_tier = tier;
  row.price_version = snapshot.config->tiers[snapshot.config->TierIndex(tier)].PriceVersionAt(row.time_us);
  return row;
}

bool IsKept(const DecisionRecord& record) {
  return UnitInterval(Hash64(record.id.Raw(), record.seed ^ kKeepSalt)) < record.keep_probability;
}

Decision AnswerOf(const DecisionRecord& record, const Config& config) {
  Decision answer;
  answer.id = record.id;
  answer.tier = record.tier;
  answer.policy_tier = record.policy_tier;
  if (const int index = config.TierIndex(record.tier); index >= 0) {
    const Tier& tier = config.tiers[index];
    answer.model = tier.model;
    answer.thinking_budget_tokens = tier.thinking_budget_tokens;
    answer.deployments = tier.deployments;
  }
  std::vector<const TierView*> others;
  for (const TierView& view : record.tiers) {
    if (view.tier == record.tier) {
      const auto clip = [](double q) { return std::clamp(q, 0.0, 1.0); };
      const double half_width = kIntervalZ * view.quality_sigma;
      answer.quality = {clip(view.quality), clip(view.quality - half_width), clip(view.quality + half_width)};
    } else if (view.exclusion == ExclusionReason::kNone || view.exclusion == ExclusionReason::kSession) {
      others.push_back(&view);
    }
  }
  std::stable_sort(others.begin(), others.end(),
                   [](const TierView* a, const TierView* b) { return a->score > b->score; });
  for (const TierView* view : others) answer.fallbacks.push_back(view->tier);
  answer.propensity = record.propensity;
  answer.cost_usd = record.cost_usd;
  answer.latency_ms = record.latency_ms;
  answer.tiers = record.tiers;
  answer.snapshot = record.snapshot;
  answer.mode = record.origin == DecisionOrigin::kApprentice ? Mode::kApprentice
                : record.origin == DecisionOrigin::kLogOnly  ? Mode::kLogOnly
                                                             : Mode::kLive;
  answer.price_version = record.price_version;
  answer.infeasible = record.infeasible;
  answer.max_output_tokens = record.call_max_output_tokens;
  answer.session_kept = !record.session_tier.empty() && record.session_tier == record.tier;
  answer.audit = record.audit;
  answer.audit_probability = record.audit_probability;
  return answer;
}

Rederived Rederive(const DecisionRecord& record, const PolicyConfig& policy) {
  std::vector<TierView> tiers = record.tiers;
  const int drawn = RunPolicy(policy, record.multipliers, DrawNumber(record.id, record.seed), tiers);
  Rederived rederived{.tier = tiers[drawn].tier};
  for (const TierView& view : tiers) rederived.propensities.push_back(view.propensity);
  return rederived;
}

}  // namespace suffice
