#include "engine/decide.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "base/status_macros.h"
#include "features/sketch.h"
#include "policy/policy.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr size_t kMaxTiers = 64;  // ValidateConfig's limit
constexpr size_t kMaxLabelBytes = 256;
constexpr double kIntervalZ = 1.6448536269514722;  // central 90% of a normal
constexpr uint64_t kAuditSalt = 0xa0d17;           // makes the audit's draw independent of the tier's
constexpr uint64_t kKeepSalt = 0x4ee9;

// What a request becomes before tiers are looked at. Reused from one decision to the next on a thread.
struct Prepared {
  std::string text;
  Sketch sketch;
  std::vector<float> x;
  double input_tokens = 0;
};

absl::Status CheckKnownTier(const char* field, const std::string& tier, const Config& config) {
  if (config.TierIndex(tier) >= 0) return absl::OkStatus();
  std::vector<std::string> names;
  for (const Tier& t : config.tiers) names.push_back(t.name);
  return InvalidField(field, fmt::format("unknown tier \"{}\"; expected one of {}", tier, fmt::join(names, ", ")));
}

absl::Status CheckLabel(const char* field, const std::string& value) {
  if (value.size() <= kMaxLabelBytes) return absl::OkStatus();
  return InvalidField(field, fmt::format("expected at most {} bytes, got {}", kMaxLabelBytes, value.size()));
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
  prepared.text = RequestText(request);
  SketchText(prepared.text, salt, prepared.sketch);
  SUFFICE_ASSIGN_OR_RETURN(prepared.sketch.extras, EncodeExtras(request, snapshot.config->features));
  prepared.x.resize(snapshot.features->dimensions());
  snapshot.features->Compute(prepared.sketch, prepared.x);
  prepared.input_tokens = EstimateTokens(prepared.text);
  return absl::OkStatus();
}

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
  }
  return "";
}

// Fills one tier's view: eligibility and estimates.
TierView ViewTier(const Snapshot& snapshot, size_t index, const RouteRequest& request, const Prepared& prepared,
                  TierPrediction& prediction) {
  const Tier& tier = snapshot.config->tiers[index];
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
  prediction = snapshot.models[index].Predict(prepared.x, prepared.input_tokens, request.max_output_tokens, tier.price);
  view.quality = prediction.quality;
  view.quality_sigma = prediction.quality_sigma;
  view.cost_usd = prediction.cost_usd;
  view.latency_ms = prediction.latency_ms;
  view.observations = prediction.observations;
  return view;
}

Candidate CandidateOf(const TierView& view, const PolicyConfig& policy) {
  Candidate candidate;
  candidate.eligible = view.exclusion == ExclusionReason::kNone;
  candidate.quality = view.quality;
  candidate.quality_sigma = view.quality_sigma;
  candidate.cost_usd = view.cost_usd;
  candidate.observations = view.observations;
  candidate.is_fixed = view.tier == policy.fixed_tier;
  for (const auto& [tier, weight] : policy.weights) {
    if (tier == view.tier) candidate.weight = weight;
  }
  return candidate;
}

// Runs the policy over the views, which get their scores and propensities. Returns the drawn index.
// REQUIRES: at least one tier is eligible.
int RunPolicy(const PolicyConfig& policy, const ObjectiveConfig& objective, double u, std::vector<TierView>& tiers) {
  std::array<Candidate, kMaxTiers> storage;
  const std::span<Candidate> candidates(storage.data(), tiers.size());
  for (size_t i = 0; i < tiers.size(); ++i) candidates[i] = CandidateOf(tiers[i], policy);
  DecidePropensities(policy, objective, candidates);
  for (size_t i = 0; i < tiers.size(); ++i) {
    tiers[i].score = candidates[i].score;
    tiers[i].propensity = candidates[i].propensity;
  }
  return Draw(candidates, u);
}

absl::Status NoTierEligible(const std::vector<TierView>& tiers) {
  std::vector<std::string> reasons;
  for (const TierView& view : tiers) reasons.push_back(fmt::format("{}: {}", view.tier, view.exclusion_detail));
  return absl::FailedPreconditionError(fmt::format("no tier is eligible ({})", fmt::join(reasons, "; ")));
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

// The parts of a row that do not depend on which tier was chosen.
DecisionRecord StartRow(const Snapshot& snapshot, const RouteRequest& request, const DecideContext& context,
                        const Prepared& prepared) {
  const Config& config = *snapshot.config;
  DecisionRecord row;
  row.id = context.id;
  row.request_id = request.request_id;
  row.time_us = context.time_us;
  row.tenant = request.tenant;
  row.session = request.session;
  row.feature_version = snapshot.features->version();
  row.features = prepared.x;
  if (config.log.prompts != PromptLogging::kNone) row.sketch = prepared.sketch.Encode();
  if (config.log.prompts == PromptLogging::kFull) row.prompt = prepared.text;
  row.input_tokens_estimate = prepared.input_tokens;
  row.caller_tier = request.caller_tier;
  row.snapshot = snapshot.number;
  row.config_hash = snapshot.config_hash;
  row.seed = context.seed;
  return row;
}

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

absl::StatusOr<DecisionRecord> Decide(const Snapshot& snapshot, const RouteRequest& request,
                                      const DecideContext& context) {
  const Config& config = *snapshot.config;
  SUFFICE_RETURN_IF_ERROR(CheckRequest(request, config));
  Prepared& prepared = ThreadScratch();
  SUFFICE_RETURN_IF_ERROR(Prepare(snapshot, request, context.salt, prepared));

  DecisionRecord row = StartRow(snapshot, request, context, prepared);
  row.origin = OriginOf(config.mode);
  std::array<TierPrediction, kMaxTiers> predictions;
  row.tiers.reserve(config.tiers.size());
  bool any_eligible = false;
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    row.tiers.push_back(ViewTier(snapshot, i, request, prepared, predictions[i]));
    any_eligible |= row.tiers.back().exclusion == ExclusionReason::kNone;
  }
  if (!any_eligible) return NoTierEligible(row.tiers);

  const int drawn = RunPolicy(config.policy, config.objective, DrawNumber(context.id, context.seed), row.tiers);
  row.policy_tier = row.tiers[drawn].tier;
  const int chosen = config.mode == Mode::kLive ? drawn : config.TierIndex(request.caller_tier);
  row.tier = row.tiers[chosen].tier;
  row.propensity = config.mode == Mode::kLive ? row.tiers[chosen].propensity : 1;
  const TierPrediction& p = predictions[chosen];
  row.cost_usd = {p.cost_usd, p.cost_low_usd, p.cost_high_usd};
  row.latency_ms = {p.latency_ms, p.latency_low_ms, p.latency_high_ms};
  if (config.objective.kind == ObjectiveKind::kWeighted) row.multipliers = {{"cost", config.objective.cost_weight}};
  row.audit_probability = config.audit_rate;
  row.audit = UnitInterval(Hash64(context.id.Raw(), context.seed ^ kAuditSalt)) < config.audit_rate;
  row.keep_probability = config.log.keep_probability;
  return row;
}

absl::StatusOr<DecisionRecord> EvaluationRow(const Snapshot& snapshot, const RouteRequest& request,
                                             const std::string& tier, const DecideContext& context) {
  SUFFICE_RETURN_IF_ERROR(CheckInput(request, *snapshot.config));
  Prepared& prepared = ThreadScratch();
  SUFFICE_RETURN_IF_ERROR(Prepare(snapshot, request, context.salt, prepared));
  DecisionRecord row = StartRow(snapshot, request, context, prepared);
  row.origin = DecisionOrigin::kEval;
  row.tier = tier;
  row.policy_tier = tier;
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
    } else if (view.exclusion == ExclusionReason::kNone) {
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
  answer.audit = record.audit;
  answer.audit_probability = record.audit_probability;
  return answer;
}

Rederived Rederive(const DecisionRecord& record, const PolicyConfig& policy, const ObjectiveConfig& objective) {
  std::vector<TierView> tiers = record.tiers;
  const int drawn = RunPolicy(policy, objective, DrawNumber(record.id, record.seed), tiers);
  Rederived rederived{.tier = tiers[drawn].tier};
  for (const TierView& view : tiers) rederived.propensities.push_back(view.propensity);
  return rederived;
}

}  // namespace suffice
