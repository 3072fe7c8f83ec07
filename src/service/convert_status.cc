#include "service/convert_status.h"

#include <google/protobuf/util/json_util.h>

namespace suffice {
namespace {

void Fill(const LimitStatus& limit, v1::LimitStatus* out) {
  out->set_name(limit.name);
  out->set_limit(limit.limit);
  out->set_observed(limit.observed);
  out->set_low(limit.low);
  out->set_high(limit.high);
  out->set_observations(limit.observations);
  out->set_multiplier(limit.multiplier);
  out->set_debt(limit.debt);
  out->set_state(ToProto(limit.state));
  out->set_nearest_feasible(limit.nearest_feasible);
  out->set_detail(limit.detail);
}

void Fill(const BudgetStatus& budget, v1::BudgetStatus* out) {
  out->set_name(budget.name);
  out->set_tenant(budget.tenant);
  out->set_tier(budget.tier);
  out->set_kind(ToProto(budget.kind));
  out->set_period_start_us(budget.period_start_us);
  out->set_period_end_us(budget.period_end_us);
  out->set_limit_usd(budget.limit_usd);
  out->set_spent_usd(budget.spent_usd);
  out->set_reserved_usd(budget.reserved_usd);
  out->set_exposure_usd(budget.exposure_usd);
  out->set_pace_usd(budget.pace_usd);
  out->set_denials(budget.denials);
}

void Fill(const TierStatus& tier, v1::TierStatus* out) {
  out->set_tier(tier.tier);
  out->set_share(tier.share);
  out->set_observations(tier.observations);
  out->set_cost_ratio(tier.cost_ratio);
  out->set_drift_alarms(tier.drift_alarms);
  out->set_last_alarm_us(tier.last_alarm_us);
  out->set_cold(tier.cold);
  out->set_price_version(tier.price_version);
}

void Fill(const SenderStatus& sender, v1::SenderStatus* out) {
  out->set_sender(sender.sender);
  out->set_tier(sender.tier);
  out->set_departure(sender.departure);
  out->set_share(sender.share);
  out->set_weight(sender.weight);
}

void Fill(const TenantStatus& tenant, v1::TenantStatus* out) {
  out->set_tenant(tenant.tenant);
  out->set_share(tenant.share);
  out->set_usual_share(tenant.usual_share);
  out->set_departure(tenant.departure);
}

void FillCounters(const EngineStatus& status, v1::AdminServiceGetStatusResponse* response) {
  response->set_observations(status.observations);
  response->set_decisions(status.decisions);
  response->set_outcomes(status.outcomes);
  response->set_feedbacks(status.feedbacks);
  response->set_unknown_feedbacks(status.unknown_feedbacks);
  response->set_audit_share(status.audit_share);
  response->set_feedback_share(status.feedback_share);
  response->set_dangling_decisions(status.dangling_decisions);
  response->set_infeasible_decisions(status.infeasible_decisions);
  response->set_budget_refusals(status.budget_refusals);
  response->set_wrong_model_outcomes(status.wrong_model_outcomes);
  response->set_agreement(status.agreement);
  response->set_agreement_decisions(status.agreement_decisions);
  response->set_log_queue(status.log_queue);
  response->set_dropped_decision_rows(status.dropped_decision_rows);
}

}  // namespace

v1::LimitState ToProto(LimitState state) {
  switch (state) {
    case LimitState::kNoData:
      return v1::LIMIT_STATE_NO_DATA;
    case LimitState::kMet:
      return v1::LIMIT_STATE_MET;
    case LimitState::kUnproven:
      return v1::LIMIT_STATE_UNPROVEN;
    case LimitState::kBreached:
      return v1::LIMIT_STATE_BREACHED;
    case LimitState::kInfeasible:
      return v1::LIMIT_STATE_INFEASIBLE;
  }
  return v1::LIMIT_STATE_UNSPECIFIED;
}

v1::BudgetKind ToProto(BudgetKind kind) {
  switch (kind) {
    case BudgetKind::kHard:
      return v1::BUDGET_KIND_HARD;
    case BudgetKind::kSoft:
      return v1::BUDGET_KIND_SOFT;
  }
  return v1::BUDGET_KIND_UNSPECIFIED;
}

void ToProto(const ServiceReport& report, v1::AdminServiceGetStatusResponse* response) {
  const EngineStatus& status = report.engine;
  response->set_version(SUFFICE_VERSION);
  response->set_time_us(status.time_us);
  response->set_started_us(status.started_us);
  response->set_config_name(status.config_name);
  response->set_config_hash(status.config_hash);
  response->set_reload_error(report.reload_error);
  response->set_feature_set(status.feature_set);
  response->set_snapshot(status.snapshot);
  response->set_release(status.release);
  response->set_ramp_release(status.ramp_release);
  response->set_ramp_share(status.ramp_share);
  FillCounters(status, response);
  response->set_log_error(status.log_error);
  response->set_infeasible(status.infeasible);
  for (const LimitStatus& limit : status.limits) Fill(limit, response->add_limits());
  for (const BudgetStatus& budget : status.budgets) Fill(budget, response->add_budgets());
  response->set_omitted_budgets(report.omitted_accounts);
  for (const TierStatus& tier : status.tiers) Fill(tier, response->add_tiers());
  for (const SenderStatus& sender : status.senders) Fill(sender, response->add_senders());
  for (const TenantStatus& tenant : status.tenants) Fill(tenant, response->add_tenants());
}

std::string ToJson(const v1::AdminServiceGetStatusResponse& response, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = layout == JsonLayout::kPretty;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(response, &text, options).ok()) return "";
  return text;
}

}  // namespace suffice
