// Every field of the status reaches the message, and its JSON.
#include "service/convert_status.h"

#include <google/protobuf/util/json_util.h>

#include "catch.h"

namespace suffice {
namespace {

// A report in which no field has its default.
ServiceReport Full() {
  ServiceReport report{.omitted_accounts = 3, .reload_error = "refused"};
  report.engine = {.time_us = 20,
                   .started_us = 10,
                   .snapshot = 1,
                   .release = 2,
                   .ramp_release = 3,
                   .ramp_share = 0.05,
                   .decisions = 2,
                   .feedbacks = 3,
                   .outcomes = 4,
                   .unknown_feedbacks = 5,
                   .observations = 6,
                   .log_queue = 7,
                   .dropped_decision_rows = 8,
                   .agreement = 0.5,
                   .agreement_decisions = 9,
                   .feature_set = "svd",
                   .config_name = "name",
                   .config_hash = "hash",
                   .log_error = "error",
                   .infeasible = "why",
                   .infeasible_decisions = 10,
                   .budget_refusals = 11,
                   .wrong_model_outcomes = 12,
                   .dangling_decisions = 13,
                   .audit_share = 0.25,
                   .feedback_share = 0.75};
  report.engine.limits = {{.name = "cost.mean",
                           .limit = 1,
                           .observed = 2,
                           .low = 3,
                           .high = 4,
                           .observations = 5,
                           .multiplier = 6,
                           .debt = 7,
                           .state = LimitState::kInfeasible,
                           .nearest_feasible = 8,
                           .detail = "detail"}};
  report.engine.budgets = {{.name = "day",
                            .tenant = "t",
                            .tier = "small",
                            .kind = BudgetKind::kSoft,
                            .period_start_us = 1,
                            .period_end_us = 2,
                            .limit_usd = 3,
                            .spent_usd = 4,
                            .reserved_usd = 5,
                            .exposure_usd = 6,
                            .pace_usd = 7,
                            .denials = 8}};
  report.engine.tiers = {{.tier = "small",
                          .share = 0.5,
                          .observations = 2,
                          .cost_ratio = 3,
                          .drift_alarms = 4,
                          .last_alarm_us = 5,
                          .cold = true,
                          .price_version = "base"}};
  report.engine.senders = {{.sender = "key", .tier = "small", .departure = -6, .share = 0.1, .weight = 0.2}};
  report.engine.tenants = {{.tenant = "shop", .share = 0.9, .usual_share = 0.1, .departure = 7}};
  return report;
}

// The names of the fields that have their default, here and in every message inside.
void CollectUnset(const google::protobuf::Message& message, std::vector<std::string>& unset) {
  const auto* type = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->is_repeated()) {
      if (reflection->FieldSize(message, field) == 0) unset.push_back(field->full_name());
      for (int k = 0; k < reflection->FieldSize(message, field); ++k) {
        CollectUnset(reflection->GetRepeatedMessage(message, field, k), unset);
      }
    } else if (!reflection->HasField(message, field)) {
      unset.push_back(field->full_name());
    }
  }
}

}  // namespace

TEST_CASE("no field of the status message is forgotten", "[service]") {
  v1::AdminServiceGetStatusResponse response;
  ToProto(Full(), &response);
  std::vector<std::string> unset;
  CollectUnset(response, unset);
  CHECK(unset == std::vector<std::string>());
  CHECK(response.version() == SUFFICE_VERSION);
  CHECK(response.snapshot() == 1);
  CHECK(response.ramp_release() == 3);
  CHECK(response.outcomes() == 4);
  CHECK(response.infeasible_decisions() == 10);
  CHECK(response.omitted_budgets() == 3);
  CHECK(response.limits(0).high() == 4);
  CHECK(response.limits(0).state() == v1::LIMIT_STATE_INFEASIBLE);
  CHECK(response.budgets(0).kind() == v1::BUDGET_KIND_SOFT);
  CHECK(response.budgets(0).exposure_usd() == 6);
  CHECK(response.tiers(0).cost_ratio() == 3);
  CHECK(response.senders(0).departure() == -6);
  CHECK(response.senders(0).weight() == 0.2);
  CHECK(response.tenants(0).usual_share() == 0.1);
}

TEST_CASE("the status' JSON is read back the same, in both layouts", "[service]") {
  v1::AdminServiceGetStatusResponse response, read;
  ToProto(Full(), &response);
  for (const JsonLayout layout : {JsonLayout::kPretty, JsonLayout::kOneLine}) {
    const std::string json = ToJson(response, layout);
    CHECK((json.find('\n') == std::string::npos) == (layout == JsonLayout::kOneLine));
    CHECK(json.find("\"period_end_us\"") != std::string::npos);
    REQUIRE(google::protobuf::util::JsonStringToMessage(json, &read).ok());
    CHECK(read.SerializeAsString() == response.SerializeAsString());
  }
}

}  // namespace suffice
