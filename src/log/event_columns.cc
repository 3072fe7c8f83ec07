#include "log/event_columns.h"

#include <spdlog/spdlog.h>

#include "base/status_macros.h"
#include "log/row_codec.h"
#include "log/rules.h"

namespace suffice {
namespace {

bool WarnUnless(const absl::Status& checked, std::string_view table, int64_t seq) {
  if (!checked.ok()) spdlog::warn("row {} of {} is left out: {}", seq, table, std::string(checked.message()));
  return checked.ok();
}

}  // namespace

absl::StatusOr<OutcomeRecord> ReadOutcome(const Statement& row) {
  OutcomeRecord record;
  record.seq = row.Int(0);
  record.time_us = row.Int(1);
  SUFFICE_ASSIGN_OR_RETURN(record.outcome.status, DecodeCallStatus(row.Bytes(2)));
  record.outcome.input_tokens = row.OptionalInt(3);
  record.outcome.output_tokens = row.OptionalInt(4);
  record.outcome.cost_usd = row.OptionalDouble(5);
  record.cost_nanos = row.Int(6);
  record.outcome.time_to_first_token_ms = row.OptionalDouble(7);
  record.outcome.latency_ms = row.OptionalDouble(8);
  record.outcome.retries = static_cast<int32_t>(row.Int(9));
  record.outcome.served_tier = row.Bytes(10);
  record.outcome.cached_input_tokens = row.OptionalInt(11);
  record.outcome.reasoning_tokens = row.OptionalInt(12);
  record.outcome.served_model = row.Bytes(13);
  record.wrong_model = row.Int(14) != 0;
  return record;
}

absl::StatusOr<FeedbackRecord> ReadFeedback(const Statement& row) {
  FeedbackRecord record;
  record.seq = row.Int(0);
  record.time_us = row.Int(1);
  record.feedback.tenant = row.Bytes(2);
  record.feedback.feedback_id = row.Bytes(3);
  record.feedback.reward = row.Double(4);
  SUFFICE_ASSIGN_OR_RETURN(record.feedback.source, DecodeSource(row.Bytes(5)));
  record.feedback.judge_version = row.Bytes(6);
  record.feedback.sender = row.Bytes(8);
  return record;
}

bool CanBe(const OutcomeRecord& outcome) { return WarnUnless(CheckOutcome(outcome), "outcomes", outcome.seq); }
bool CanBe(const FeedbackRecord& feedback) { return WarnUnless(CheckFeedback(feedback), "feedback", feedback.seq); }

}  // namespace suffice
