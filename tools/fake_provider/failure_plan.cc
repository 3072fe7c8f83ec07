#include "failure_plan.h"

#include <fmt/format.h>

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/hash.h"

namespace suffice::fake {
namespace {

const std::map<std::string, FailureKind>& KindNames() {
  static const std::map<std::string, FailureKind> names = {{"hang", FailureKind::kHang},
                                                           {"trickle", FailureKind::kTrickle},
                                                           {"cut", FailureKind::kCut},
                                                           {"malformed", FailureKind::kMalformed},
                                                           {"wrong_model", FailureKind::kWrongModel},
                                                           {"refusal", FailureKind::kRefusal},
                                                           {"garbled", FailureKind::kGarbled}};
  return names;
}

absl::Status SetKind(const std::string& value, Failure& failure) {
  failure.name = value;
  const auto found = KindNames().find(value);
  if (found != KindNames().end()) {
    failure.kind = found->second;
    return absl::OkStatus();
  }
  failure.kind = FailureKind::kStatus;
  if (absl::SimpleAtoi(value, &failure.status) && failure.status >= 400 && failure.status <= 599) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "kind: expected a status in [400, 599], hang, trickle, cut, malformed, wrong_model, refusal or garbled, got {}",
      value));
}

absl::Status SetCount(const std::string& key, const std::string& value, int64_t& count) {
  if (absl::SimpleAtoi(value, &count) && count > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: expected a whole number > 0, got {}", key, value));
}

absl::Status SetNumber(const std::string& key, const std::string& value, double highest, double& number) {
  if (absl::SimpleAtod(value, &number) && number >= 0 && number <= highest) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: expected a number in [0, {}], got {}", key, highest, value));
}

absl::Status Set(const std::string& key, const std::string& value, Failure& failure) {
  if (key == "kind") return SetKind(value, failure);
  if (key == "every") return SetCount(key, value, failure.every);
  if (key == "at") return SetCount(key, value, failure.at);
  if (key == "first") return SetCount(key, value, failure.first);
  if (key == "p") return SetNumber(key, value, 1, failure.probability);
  if (key == "delay_s") return SetNumber(key, value, 3600, failure.delay_s);
  if (key == "retry_after") failure.retry_after = value;
  if (key == "model") failure.model = value;
  if (key == "retry_after" || key == "model") return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("unknown key {}; expected one of kind, every, at, first, p, model, retry_after, delay_s", key));
}

}  // namespace

absl::StatusOr<Failure> ParseFailure(const std::string& text) {
  Failure failure;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (const absl::Status status = Set(pair.first, pair.second, failure); !status.ok()) return status;
  }
  if (failure.name.empty()) return absl::InvalidArgumentError("kind: required");
  const int told = (failure.every > 0) + (failure.at > 0) + (failure.first > 0) + (failure.probability > 0);
  if (told != 1) return absl::InvalidArgumentError("expected exactly one of every, at, first, p");
  return failure;
}

std::string FailureHelp() {
  return "kind=KIND,WHEN[,model=NAME]; KIND: a status (429 with retry_after=SECONDS), hang, trickle (delay_s=SECONDS a "
         "byte), cut, malformed, wrong_model, refusal, garbled (words that are no verdict); WHEN: every=N, at=N, "
         "first=N or p=PROBABILITY";
}

FailurePlan::FailurePlan(std::vector<Failure> failures, uint64_t seed)
    : failures_(std::move(failures)), counts_(failures_.size()), seed_(seed) {}

const Failure* FailurePlan::Next(const std::string& model) {
  const Failure* chosen = nullptr;
  for (size_t i = 0; i < failures_.size(); ++i) {
    const Failure& failure = failures_[i];
    if (!failure.model.empty() && failure.model != model) continue;
    const int64_t count = ++counts_[i];
    const bool fits = (failure.every > 0 && count % failure.every == 0) || count == failure.at ||
                      count <= failure.first ||
                      UnitInterval(Hash64(fmt::format("fail {} {}", i, count), seed_)) < failure.probability;
    if (fits && chosen == nullptr) chosen = &failure;
  }
  return chosen;
}

}  // namespace suffice::fake
