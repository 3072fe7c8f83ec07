#include "service/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/label.h"
#include "base/status_macros.h"
#include "service/convert_enums.h"
#include "suffice/status.h"

namespace suffice {
namespace {

template <typename List>
absl::StatusOr<std::vector<std::string>> Labels(std::string_view field, const List& list) {
  if (list.size() > kMaxLabels) {
    return InvalidField(field, fmt::format("expected at most {} entries, got {}", kMaxLabels, list.size()));
  }
  for (const std::string& label : list) SUFFICE_RETURN_IF_ERROR(CheckLabel(field, label));
  return std::vector<std::string>(list.begin(), list.end());
}

// A map in the order of its keys, so that equal requests are equal.
template <typename Value, typename Map>
absl::StatusOr<std::vector<std::pair<std::string, Value>>> Sorted(std::string_view field, const Map& map) {
  if (map.size() > kMaxLabels) {
    return InvalidField(field, fmt::format("expected at most {} entries, got {}", kMaxLabels, map.size()));
  }
  std::vector<std::pair<std::string, Value>> sorted(map.begin(), map.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& entry : sorted) SUFFICE_RETURN_IF_ERROR(CheckLabel(field, entry.first));
  return sorted;
}

absl::Status FillInput(const v1::RouteRequest& request, RouteRequest* out) {
  switch (request.input_case()) {
    case v1::RouteRequest::kPrompt:
      out->prompt = request.prompt();
      return absl::OkStatus();
    case v1::RouteRequest::kChat:
      if (request.chat().messages().empty()) return InvalidField("chat.messages", "expected at least one message");
      for (const auto& message : request.chat().messages()) {
        SUFFICE_RETURN_IF_ERROR(CheckLabel("chat.messages.role", message.role()));
        out->messages.push_back({message.role(), message.content()});
      }
      return absl::OkStatus();
    case v1::RouteRequest::INPUT_NOT_SET:
      break;
  }
  return InvalidField("prompt", "expected a prompt or a chat");
}

absl::Status FillFeatures(const v1::RouteRequest& request, RouteRequest* out) {
  out->embedding.assign(request.embedding().begin(), request.embedding().end());
  for (float value : out->embedding) {
    if (!std::isfinite(value)) return InvalidField("embedding", "expected finite numbers");
  }
  SUFFICE_ASSIGN_OR_RETURN(out->numeric_features, Sorted<double>("numeric_features", request.numeric_features()));
  for (const auto& [name, value] : out->numeric_features) {
    if (!std::isfinite(value))
      return InvalidField("numeric_features", fmt::format("{}: expected a finite number", name));
  }
  SUFFICE_ASSIGN_OR_RETURN(out->categorical_features,
                           Sorted<std::string>("categorical_features", request.categorical_features()));
  for (const auto& entry : out->categorical_features) {
    SUFFICE_RETURN_IF_ERROR(CheckLabel("categorical_features", entry.second));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> Reward(const v1::FeedbackRequest& request) {
  switch (request.value_case()) {
    case v1::FeedbackRequest::kReward:
      if (!(request.reward() >= 0 && request.reward() <= 1)) {
        return InvalidField("reward", fmt::format("expected a number in [0, 1], got {}", request.reward()));
      }
      return request.reward();
    case v1::FeedbackRequest::kThumbs:
      if (request.thumbs() == v1::THUMBS_UP) return 1.0;
      if (request.thumbs() == v1::THUMBS_DOWN) return 0.0;
      return InvalidField("thumbs", "expected THUMBS_UP or THUMBS_DOWN");
    case v1::FeedbackRequest::kStars:
      if (request.stars() < 1 || request.stars() > 5) {
        return InvalidField("stars", fmt::format("expected 1 to 5, got {}", request.stars()));
      }
      return (request.stars() - 1) / 4.0;
    case v1::FeedbackRequest::VALUE_NOT_SET:
      break;
  }
  return InvalidField("reward", "expected a reward, thumbs or stars");
}

void Fill(const Estimate& estimate, v1::Estimate* out) {
  out->set_value(estimate.value);
  out->set_low(estimate.low);
  out->set_high(estimate.high);
}

void Fill(const TierView& view, v1::TierView* out) {
  out->set_tier(view.tier);
  out->set_exclusion(ToProto(view.exclusion));
  out->set_exclusion_detail(view.exclusion_detail);
  out->set_quality(view.quality);
  out->set_quality_sigma(view.quality_sigma);
  out->set_cost_usd(view.cost_usd);
  out->set_latency_ms(view.latency_ms);
  out->set_observations(view.observations);
  out->set_score(view.score);
  out->set_propensity(view.propensity);
  out->set_worst_cost_usd(view.worst_cost_usd);
  out->set_start_ms(view.start_ms);
  for (const double probability : view.late) out->add_late(probability);
}

}  // namespace

absl::StatusOr<DecisionId> ParseDecisionId(const std::string& text) {
  if (const auto id = DecisionId::Parse(text)) return *id;
  return InvalidField("decision_id", "expected a UUID as Route gave it");
}

absl::StatusOr<RouteRequest> FromProto(const v1::RouteRequest& request) {
  SUFFICE_RETURN_IF_ERROR(CheckLabel("request_id", request.request_id()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", request.tenant()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("session", request.session()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("pinned_tier", request.pinned_tier()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("caller_tier", request.caller_tier()));
  if (!v1::RouteMode_IsValid(request.mode())) return InvalidField("mode", "expected LIVE or DRY_RUN");

  RouteRequest out;
  out.request_id = request.request_id();
  out.tenant = request.tenant();
  out.session = request.session();
  SUFFICE_RETURN_IF_ERROR(FillInput(request, &out));
  SUFFICE_RETURN_IF_ERROR(FillFeatures(request, &out));
  out.max_output_tokens = request.max_output_tokens();
  SUFFICE_ASSIGN_OR_RETURN(out.required_capabilities, Labels("required_capabilities", request.required_capabilities()));
  out.required_context_tokens = request.required_context_tokens();
  SUFFICE_ASSIGN_OR_RETURN(out.allowed_tiers, Labels("allowed_tiers", request.allowed_tiers()));
  out.pinned_tier = request.pinned_tier();
  out.caller_tier = request.caller_tier();
  out.dry_run = request.mode() == v1::ROUTE_MODE_DRY_RUN;
  out.max_cost_usd = request.max_cost_usd();
  out.max_latency_ms = request.max_latency_ms();
  out.min_quality = request.min_quality();
  return out;
}

absl::StatusOr<Outcome> FromProto(const v1::OutcomeRequest& request) {
  Outcome out;
  SUFFICE_ASSIGN_OR_RETURN(out.decision_id, ParseDecisionId(request.decision_id()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", request.tenant()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("served_tier", request.served_tier()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("served_model", request.served_model()));
  SUFFICE_ASSIGN_OR_RETURN(out.status, FromProto(request.status()));
  out.tenant = request.tenant();
  if (request.has_input_tokens()) out.input_tokens = request.input_tokens();
  if (request.has_output_tokens()) out.output_tokens = request.output_tokens();
  if (request.has_cost_usd()) out.cost_usd = request.cost_usd();
  if (request.has_time_to_first_token_ms()) out.time_to_first_token_ms = request.time_to_first_token_ms();
  if (request.has_latency_ms()) out.latency_ms = request.latency_ms();
  out.retries = request.retries();
  out.served_tier = request.served_tier();
  if (request.has_cached_input_tokens()) out.cached_input_tokens = request.cached_input_tokens();
  if (request.has_reasoning_tokens()) out.reasoning_tokens = request.reasoning_tokens();
  out.served_model = request.served_model();
  return out;
}

absl::StatusOr<Feedback> FromProto(const v1::FeedbackRequest& request) {
  Feedback out;
  if (request.feedback_id().empty())
    return InvalidField("feedback_id", "expected an id, so that a repetition counts once");
  SUFFICE_RETURN_IF_ERROR(CheckLabel("feedback_id", request.feedback_id()));
  SUFFICE_ASSIGN_OR_RETURN(out.decision_id, ParseDecisionId(request.decision_id()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", request.tenant()));
  SUFFICE_RETURN_IF_ERROR(CheckLabel("judge_version", request.judge_version()));
  SUFFICE_ASSIGN_OR_RETURN(out.reward, Reward(request));
  SUFFICE_ASSIGN_OR_RETURN(out.source, FromProto(request.source()));
  out.feedback_id = request.feedback_id();
  out.tenant = request.tenant();
  out.judge_version = request.judge_version();
  return out;
}

absl::Status WithProtoFieldNames(const absl::Status& status) {
  if (FieldOf(status) != "messages") return status;
  const std::string message(status.message());
  const size_t colon = message.find(": ");
  return InvalidField("chat.messages", colon == std::string::npos ? message : message.substr(colon + 2));
}

void ToProto(const Decision& decision, v1::RouteResponse* response) {
  response->set_decision_id(decision.id.ToString());
  response->set_tier(decision.tier);
  response->set_model(decision.model);
  auto* parameters = response->mutable_parameters();
  parameters->set_thinking_budget_tokens(decision.thinking_budget_tokens);
  parameters->set_max_output_tokens(decision.max_output_tokens);
  for (const Deployment& deployment : decision.deployments) {
    auto* out = parameters->add_deployments();
    out->set_name(deployment.name);
    out->set_url(deployment.url);
  }
  for (const std::string& fallback : decision.fallbacks) response->add_fallbacks(fallback);
  response->set_propensity(decision.propensity);
  Fill(decision.quality, response->mutable_quality());
  Fill(decision.cost_usd, response->mutable_cost_usd());
  Fill(decision.latency_ms, response->mutable_latency_ms());
  for (const TierView& view : decision.tiers) {
    Fill(view, response->add_tiers());
    if (view.exclusion == ExclusionReason::kNone) continue;
    auto* excluded = response->add_excluded();
    excluded->set_tier(view.tier);
    excluded->set_reason(ToProto(view.exclusion));
    excluded->set_detail(view.exclusion_detail);
  }
  response->set_snapshot(decision.snapshot);
  response->set_mode(ToProto(decision.mode));
  response->set_policy_tier(decision.policy_tier);
  response->set_audit(decision.audit);
  response->set_audit_probability(decision.audit_probability);
  response->set_replayed(decision.replayed);
  response->set_price_version(decision.price_version);
  response->set_infeasible(decision.infeasible);
  response->set_session_kept(decision.session_kept);
}

void ToProto(const Explanation& explanation, v1::ExplainResponse* response) {
  response->set_decision_id(explanation.id.ToString());
  response->set_time_us(explanation.time_us);
  response->set_tier(explanation.tier);
  response->set_policy_tier(explanation.policy_tier);
  response->set_policy(std::string(ToString(explanation.policy)));
  response->set_mode(ToProto(explanation.mode));
  response->set_draw(explanation.draw);
  for (const TierView& view : explanation.tiers) Fill(view, response->add_tiers());
  for (const auto& [limit, price] : explanation.multipliers) (*response->mutable_multipliers())[limit] = price;
  response->set_snapshot(explanation.snapshot);
  response->set_contributions_snapshot(explanation.contributions_snapshot);
  response->set_feature_set(explanation.feature_set);
  for (const auto& contribution : explanation.contributions) {
    auto* out = response->add_contributions();
    out->set_feature(contribution.feature);
    out->set_value(contribution.value);
    out->set_effect(contribution.effect);
  }
  for (const std::string& flip : explanation.flips) response->add_flips(flip);
}

void ToProto(const EngineStatus& status, v1::GetStatusResponse* response) {
  response->set_version(SUFFICE_VERSION);
  response->set_snapshot(status.snapshot);
  response->set_decisions(status.decisions);
  response->set_outcomes(status.outcomes);
  response->set_feedbacks(status.feedbacks);
  response->set_unknown_feedbacks(status.unknown_feedbacks);
  response->set_observations(status.observations);
  response->set_log_queue(status.log_queue);
  response->set_dropped_decision_rows(status.dropped_decision_rows);
  response->set_agreement(status.agreement);
  response->set_agreement_decisions(status.agreement_decisions);
  response->set_feature_set(status.feature_set);
  response->set_config_hash(status.config_hash);
  response->set_log_error(status.log_error);
}

}  // namespace suffice
