#include "log/row_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/decimals.h"
#include "base/status_macros.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

// By the enumerators' order.
constexpr std::array<std::string_view, 4> kOrigins = {"live", "apprentice", "log_only", "eval"};
constexpr std::array<std::string_view, 5> kCallStatuses = {"ok", "error", "timeout", "refused", "cancelled"};
constexpr std::array<std::string_view, 3> kSources = {"user", "judge", "check"};
constexpr std::array<std::string_view, 13> kExclusions = {
    "none",         "not_allowed",     "not_pinned",      "missing_capability", "context_window",
    "request_cost", "request_latency", "request_quality", "budget",             "cost_guard",
    "quality_guard", "session",        "infeasible"};
constexpr std::array<std::string_view, 3> kLate = {"late_p50", "late_p95", "late_p99"};
constexpr std::array<std::string_view, 3> kLateLabels = {",\"late_p50\":", ",\"late_p95\":", ",\"late_p99\":"};

template <typename Enum, size_t N>
absl::StatusOr<Enum> DecodeWord(const std::array<std::string_view, N>& words, std::string_view column,
                                std::string_view word) {
  for (size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  return absl::DataLossError(fmt::format("column {}: \"{}\" is not a word of it", column, word));
}

void AppendNumber(double value, std::string& json) {
  if (!std::isfinite(value)) {
    json += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;  // the shortest that reads back the same
  json.append(digits, end);
}

// The same digits for what has at most `decimals` (at least 1) behind the point, as most of what a decision says was
// rounded so; many times as fast.
void AppendDecimal(double value, int decimals, std::string& json) {
  const int64_t whole = FitsDecimals(value, decimals) ? WholeOf(value, decimals) : 0;
  const double power = kPowersOfTen[static_cast<size_t>(decimals)];
  const bool short_enough = static_cast<double>(whole) / power == value && !(value == 0 && std::signbit(value));
  if (!short_enough) return AppendNumber(value, json);
  char digits[32];
  char* const end = digits + sizeof(digits);
  char* begin = end;
  uint64_t rest = static_cast<uint64_t>(whole < 0 ? -whole : whole);
  int left = decimals;
  for (; left > 0 && rest % 10 == 0; --left) rest /= 10;
  for (int i = 0; i < left; ++i, rest /= 10) *--begin = static_cast<char>('0' + rest % 10);
  if (left > 0) *--begin = '.';
  do {
    *--begin = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (whole < 0) *--begin = '-';
  json.append(begin, end);
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

void AppendText(std::string_view text, std::string& json) {
  if (IsPlain(text)) {
    json += '"';
    json += text;
    json += '"';
  } else {
    json += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

// `label`: all that stands before the number.
void AppendField(std::string_view label, double value, int decimals, std::string& json) {
  json += label;
  AppendDecimal(value, decimals, json);
}

double NumberOf(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number() ? it->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::string_view TextOf(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) return {};
  return it->get_ref<const std::string&>();
}

absl::StatusOr<TierView> DecodeTier(const Json& object) {
  TierView view;
  view.tier = TextOf(object, "tier");
  if (object.contains("exclusion")) {
    SUFFICE_ASSIGN_OR_RETURN(view.exclusion,
                             DecodeWord<ExclusionReason>(kExclusions, "tiers.exclusion", TextOf(object, "exclusion")));
    view.exclusion_detail = TextOf(object, "detail");
  }
  view.quality = NumberOf(object, "quality");
  view.quality_sigma = NumberOf(object, "sigma");
  view.cost_usd = NumberOf(object, "cost_usd");
  view.latency_ms = NumberOf(object, "latency_ms");
  if (object.contains("start_ms")) view.start_ms = NumberOf(object, "start_ms");
  if (object.contains("cost_ratio")) view.cost_ratio = NumberOf(object, "cost_ratio");
  if (object.contains("worst_cost_usd")) view.worst_cost_usd = NumberOf(object, "worst_cost_usd");
  for (size_t p = 0; p < kLate.size(); ++p) {
    if (object.contains(kLate[p])) view.late[p] = NumberOf(object, kLate[p].data());
  }
  view.observations = NumberOf(object, "observations");
  view.score = NumberOf(object, "score");
  view.propensity = NumberOf(object, "propensity");
  return view;
}

// Reads the JSON that the encoders below write, many times as fast as a general parser, which is most of what reading a
// decision takes. Gives up, without an error of its own, on anything else that JSON allows (escapes, spaces).
class PlainJson {
 public:
  explicit PlainJson(std::string_view json) : rest_(json) {}

  bool AtEnd() const { return rest_.empty(); }
  bool Take(std::string_view words) {
    if (!rest_.starts_with(words)) return false;
    rest_.remove_prefix(words.size());
    return true;
  }
  bool Text(std::string& text) {
    if (!Take("\"")) return false;
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos || !IsPlain(rest_.substr(0, end))) return false;
    text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }
  bool Number(double& value) {
    if (Take("null")) {
      value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }
  bool Always(std::string_view name, double& value) { return Take(name) && Number(value); }
  bool Sometimes(std::string_view name, double& value) { return !Take(name) || Number(value); }

 private:
  std::string_view rest_;
};

bool ReadExclusion(PlainJson& json, TierView& view) {
  if (!json.Take(",\"exclusion\":")) return true;
  std::string word;
  if (!json.Text(word) || !json.Take(",\"detail\":")) return false;
  const auto found = std::find(kExclusions.begin(), kExclusions.end(), word);
  if (found == kExclusions.end()) return false;
  view.exclusion = static_cast<ExclusionReason>(found - kExclusions.begin());
  return json.Text(view.exclusion_detail);
}

// Name by name, in the order of EncodeTiers.
bool ReadTier(PlainJson& json, TierView& view) {
  return json.Take("{\"tier\":") && json.Text(view.tier) && ReadExclusion(json, view) &&
         json.Always(",\"quality\":", view.quality) && json.Always(",\"sigma\":", view.quality_sigma) &&
         json.Always(",\"cost_usd\":", view.cost_usd) && json.Always(",\"latency_ms\":", view.latency_ms) &&
         json.Sometimes(",\"start_ms\":", view.start_ms) && json.Sometimes(",\"cost_ratio\":", view.cost_ratio) &&
         json.Sometimes(",\"worst_cost_usd\":", view.worst_cost_usd) &&
         json.Sometimes(kLateLabels[0], view.late[0]) && json.Sometimes(kLateLabels[1], view.late[1]) &&
         json.Sometimes(kLateLabels[2], view.late[2]) && json.Always(",\"observations\":", view.observations) &&
         json.Always(",\"score\":", view.score) && json.Always(",\"propensity\":", view.propensity) && json.Take("}");
}

std::optional<std::vector<TierView>> ReadPlainTiers(PlainJson json) {
  std::vector<TierView> tiers;
  if (!json.Take("[")) return std::nullopt;
  if (!json.Take("]")) {
    tiers.reserve(4);
    do {
      if (!ReadTier(json, tiers.emplace_back())) return std::nullopt;
    } while (json.Take(","));
    if (!json.Take("]")) return std::nullopt;
  }
  return json.AtEnd() ? std::optional(std::move(tiers)) : std::nullopt;
}

std::optional<Multipliers> ReadPlainMultipliers(PlainJson json) {
  Multipliers multipliers;
  if (!json.Take("{")) return std::nullopt;
  if (!json.Take("}")) {
    do {
      auto& [limit, price] = multipliers.emplace_back();
      if (!json.Text(limit) || !json.Take(":") || !json.Number(price)) return std::nullopt;
    } while (json.Take(","));
    if (!json.Take("}")) return std::nullopt;
  }
  return json.AtEnd() ? std::optional(std::move(multipliers)) : std::nullopt;
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string_view EncodeOrigin(DecisionOrigin origin) { return kOrigins[static_cast<size_t>(origin)]; }
absl::StatusOr<DecisionOrigin> DecodeOrigin(std::string_view word) {
  return DecodeWord<DecisionOrigin>(kOrigins, "decisions.origin", word);
}

std::string_view EncodeCallStatus(CallStatus status) { return kCallStatuses[static_cast<size_t>(status)]; }
absl::StatusOr<CallStatus> DecodeCallStatus(std::string_view word) {
  return DecodeWord<CallStatus>(kCallStatuses, "outcomes.status", word);
}

std::string_view EncodeSource(FeedbackSource source) { return kSources[static_cast<size_t>(source)]; }
absl::StatusOr<FeedbackSource> DecodeSource(std::string_view word) {
  return DecodeWord<FeedbackSource>(kSources, "feedback.source", word);
}

static_assert(std::endian::native == std::endian::little, "floats are kept as little-endian and copied as they are");

void EncodeFeatures(const std::vector<float>& features, std::string& bytes) {
  bytes.assign(reinterpret_cast<const char*>(features.data()), features.size() * sizeof(float));
}

absl::StatusOr<std::vector<float>> DecodeFeatures(std::string_view bytes) {
  if (bytes.size() % sizeof(float) != 0) return absl::DataLossError("column decisions.features: cut short");
  std::vector<float> features(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(features.data(), bytes.data(), bytes.size());
  return features;
}

// By hand, as a writer of every decision must be quick.
void EncodeTiers(const std::vector<TierView>& tiers, std::string& json) {
  json = "[";
  for (const TierView& view : tiers) {
    json += json.size() > 1 ? ",{\"tier\":" : "{\"tier\":";
    AppendText(view.tier, json);
    if (view.exclusion != ExclusionReason::kNone) {
      json += ",\"exclusion\":";
      AppendText(kExclusions[static_cast<size_t>(view.exclusion)], json);
      json += ",\"detail\":";
      AppendText(view.exclusion_detail, json);
    }
    using Decimals = TierViewDecimals;
    AppendField(",\"quality\":", view.quality, Decimals::kQuality, json);
    AppendField(",\"sigma\":", view.quality_sigma, Decimals::kQuality, json);
    AppendField(",\"cost_usd\":", view.cost_usd, Decimals::kUsd, json);
    AppendField(",\"latency_ms\":", view.latency_ms, Decimals::kMs, json);
    if (view.start_ms != 0) AppendField(",\"start_ms\":", view.start_ms, Decimals::kMs, json);
    if (view.cost_ratio != 1) AppendField(",\"cost_ratio\":", view.cost_ratio, Decimals::kRatio, json);
    if (view.worst_cost_usd != 0) AppendField(",\"worst_cost_usd\":", view.worst_cost_usd, Decimals::kUsd, json);
    for (size_t p = 0; p < kLate.size(); ++p) {
      if (view.late[p] != 0) AppendField(kLateLabels[p], view.late[p], Decimals::kQuality, json);
    }
    AppendField(",\"observations\":", view.observations, Decimals::kObservations, json);
    AppendField(",\"score\":", view.score, Decimals::kScore, json);
    json += ",\"propensity\":";
    AppendNumber(view.propensity, json);
    json += '}';
  }
  json += ']';
}

absl::StatusOr<std::vector<TierView>> DecodeTiers(std::string_view json) {
  if (std::optional<std::vector<TierView>> plain = ReadPlainTiers(PlainJson(json))) return *std::move(plain);
  const Json array = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return absl::DataLossError("column decisions.tiers: not a JSON array");
  std::vector<TierView> tiers;
  tiers.reserve(array.size());
  for (const Json& object : array) {
    SUFFICE_ASSIGN_OR_RETURN(TierView view, DecodeTier(object));
    tiers.push_back(std::move(view));
  }
  return tiers;
}

void EncodeMultipliers(const Multipliers& multipliers, std::string& json) {
  json = "{";
  for (const auto& [limit, price] : multipliers) {
    if (json.size() > 1) json += ',';
    AppendText(limit, json);
    json += ':';
    AppendNumber(price, json);
  }
  json += '}';
}

absl::StatusOr<Multipliers> DecodeMultipliers(std::string_view json) {
  if (std::optional<Multipliers> plain = ReadPlainMultipliers(PlainJson(json))) return *std::move(plain);
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::DataLossError("column decisions.multipliers: not a JSON object");
  Multipliers multipliers;
  for (const auto& [limit, price] : object.items()) multipliers.emplace_back(limit, NumberOf(object, limit.c_str()));
  return multipliers;
}

std::string EncodeOrphan(const OutcomeRecord& outcome) {
  const Outcome& told = outcome.outcome;
  const Json values = {{"status", EncodeCallStatus(told.status)},
                       {"input_tokens", OrNull(told.input_tokens)},
                       {"output_tokens", OrNull(told.output_tokens)},
                       {"cost_usd", OrNull(told.cost_usd)},
                       {"time_to_first_token_ms", OrNull(told.time_to_first_token_ms)},
                       {"latency_ms", OrNull(told.latency_ms)},
                       {"retries", told.retries},
                       {"cached_input_tokens", OrNull(told.cached_input_tokens)},
                       {"reasoning_tokens", OrNull(told.reasoning_tokens)},
                       {"served_model", told.served_model},
                       {"served_tier", told.served_tier}};
  return values.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string EncodeOrphan(const FeedbackRecord& feedback) {
  const Feedback& told = feedback.feedback;
  const Json values = {{"feedback_id", told.feedback_id},
                       {"reward", told.reward},
                       {"source", EncodeSource(told.source)},
                       {"judge_version", told.judge_version},
                       {"sender", told.sender}};
  return values.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace suffice
