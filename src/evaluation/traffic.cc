#include "evaluation/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "log/json_line.h"
#include "evaluation/write_file.h"
#include "suffice/status.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

absl::Status Wrong(const std::string& field, std::string_view expected, const Json& got) {
  return InvalidField(field, fmt::format("expected {}, got {}", expected, ShortJson(got)));
}

// A missing or null value is nothing.
absl::Status DecodeAmount(const Json& object, const char* key, const std::string& path, std::optional<double>& out) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return absl::OkStatus();
  if (!it->is_number() || it->get<double>() < 0) return Wrong(path + "." + key, "a number >= 0", *it);
  out = it->get<double>();
  return absl::OkStatus();
}

// Tables written by other programs often hold counts as 12.0; those are whole enough.
absl::Status DecodeCount(const Json& object, const char* key, const std::string& path, std::optional<int64_t>& out) {
  constexpr double kMaxTokens = 1e15;
  std::optional<double> amount;
  SUFFICE_RETURN_IF_ERROR(DecodeAmount(object, key, path, amount));
  if (!amount) return absl::OkStatus();
  if (*amount > kMaxTokens || *amount != std::floor(*amount)) {
    return Wrong(path + "." + key, "a whole number >= 0", object.at(key));
  }
  out = static_cast<int64_t>(*amount);
  return absl::OkStatus();
}

absl::StatusOr<TrafficTier> DecodeTier(const Json& value, const std::string& path) {
  if (!value.is_object()) return Wrong(path, "an object", value);
  TrafficTier tier;
  const auto quality = value.find("quality");
  if (quality == value.end()) return InvalidField(path + ".quality", "missing");
  if (!quality->is_number() || !(quality->get<double>() >= 0 && quality->get<double>() <= 1)) {
    return Wrong(path + ".quality", "a number in [0, 1]", *quality);
  }
  tier.quality = quality->get<double>();
  SUFFICE_RETURN_IF_ERROR(DecodeAmount(value, "cost_usd", path, tier.cost_usd));
  SUFFICE_RETURN_IF_ERROR(DecodeAmount(value, "latency_ms", path, tier.latency_ms));
  SUFFICE_RETURN_IF_ERROR(DecodeAmount(value, "ttft_ms", path, tier.ttft_ms));
  SUFFICE_RETURN_IF_ERROR(DecodeCount(value, "input_tokens", path, tier.input_tokens));
  SUFFICE_RETURN_IF_ERROR(DecodeCount(value, "output_tokens", path, tier.output_tokens));
  return tier;
}

absl::Status DecodeText(const Json& row, const char* key, bool required, std::string& out) {
  const auto it = row.find(key);
  if (it == row.end() || it->is_null()) return required ? InvalidField(key, "missing") : absl::OkStatus();
  if (!it->is_string()) return Wrong(key, "a string", *it);
  out = it->get<std::string>();
  return absl::OkStatus();
}

absl::StatusOr<TrafficRow> DecodeRow(const Json& value, std::vector<std::string>& tier_names,
                                     bool tiers_may_lack) {
  if (!value.is_object()) return absl::InvalidArgumentError("expected an object, got " + ShortJson(value));
  TrafficRow row;
  if (const auto id = value.find("id"); id != value.end() && id->is_number_integer()) {
    row.id = id->dump();
  } else {
    SUFFICE_RETURN_IF_ERROR(DecodeText(value, "id", false, row.id));
  }
  SUFFICE_RETURN_IF_ERROR(DecodeText(value, "source", false, row.source));
  SUFFICE_RETURN_IF_ERROR(DecodeText(value, "session", false, row.session));
  SUFFICE_RETURN_IF_ERROR(DecodeText(value, "prompt", true, row.prompt));
  const auto tiers = value.find("tiers");
  if (tiers == value.end()) return InvalidField("tiers", "missing");
  if (!tiers->is_object() || tiers->empty()) return Wrong("tiers", "an object with at least one tier", *tiers);
  if (tier_names.empty()) {
    for (const auto& [name, unused] : tiers->items()) tier_names.push_back(name);
  }
  for (const auto& [name, unused] : tiers->items()) {
    if (std::find(tier_names.begin(), tier_names.end(), name) == tier_names.end()) {
      return InvalidField("tiers." + name, fmt::format("unknown tier; expected {}", fmt::join(tier_names, ", ")));
    }
  }
  for (const std::string& name : tier_names) {
    const auto tier = tiers->find(name);
    if (tier == tiers->end() && tiers_may_lack) {
      row.tiers.push_back({.known = false});
      continue;
    }
    if (tier == tiers->end()) return InvalidField("tiers." + name, "missing");
    SUFFICE_ASSIGN_OR_RETURN(row.tiers.emplace_back(), DecodeTier(*tier, "tiers." + name));
  }
  return row;
}

absl::Status CheckNames(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (name.empty()) return InvalidField("expected_tier_names", "a name is empty");
    if (!seen.insert(name).second) return InvalidField("expected_tier_names", fmt::format("\"{}\" stands twice", name));
  }
  return absl::OkStatus();
}

absl::Status AtLine(const std::string& path, int64_t line, const absl::Status& status) {
  const auto message = status.message();
  return absl::Status(status.code(),
                      fmt::format("{}:{}: {}", path, line, std::string_view(message.data(), message.size())));
}

absl::StatusOr<std::ifstream> OpenForReading(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return absl::InvalidArgumentError(path + ": is a directory");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
  return in;
}

Json EncodeTier(const TrafficTier& tier) {
  Json json{{"quality", tier.quality}};
  if (tier.cost_usd) json["cost_usd"] = *tier.cost_usd;
  if (tier.latency_ms) json["latency_ms"] = *tier.latency_ms;
  if (tier.ttft_ms) json["ttft_ms"] = *tier.ttft_ms;
  if (tier.input_tokens) json["input_tokens"] = *tier.input_tokens;
  if (tier.output_tokens) json["output_tokens"] = *tier.output_tokens;
  return json;
}

}  // namespace

absl::StatusOr<Traffic> ReadTraffic(const std::string& path, const std::vector<std::string>& expected_tier_names,
                                    bool tiers_may_lack) {
  SUFFICE_RETURN_IF_ERROR(CheckNames(expected_tier_names));
  SUFFICE_ASSIGN_OR_RETURN(std::ifstream in, OpenForReading(path));
  Traffic traffic;
  traffic.tier_names = expected_tier_names;
  std::string text;
  int64_t line = 0;
  for (;;) {
    const LineRead read = ReadBoundedLine(in, kMaxTrafficLineBytes, text);
    if (read == LineRead::kEnd) break;
    ++line;
    if (read == LineRead::kTooLong) {
      const auto what = fmt::format("the line is longer than {} bytes", kMaxTrafficLineBytes);
      return AtLine(path, line, absl::InvalidArgumentError(what));
    }
    if (line == 1 && text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);  // byte order mark
    if (text.find_first_not_of(" \t") == std::string::npos) continue;
    auto json = ParseJsonLine(text);
    if (!json.ok()) return AtLine(path, line, json.status());
    auto row = DecodeRow(*json, traffic.tier_names, tiers_may_lack);
    if (!row.ok()) return AtLine(path, line, row.status());
    if (row->id.empty()) row->id = std::to_string(line);
    traffic.rows.push_back(*std::move(row));
  }
  if (traffic.rows.empty()) return absl::InvalidArgumentError(path + ": no rows");
  return traffic;
}

absl::Status WriteTraffic(const Traffic& traffic, const std::string& path) {
  std::string text;
  for (const TrafficRow& row : traffic.rows) {
    Json tiers = Json::object();
    for (size_t k = 0; k < traffic.tier_names.size(); ++k) {
      if (row.tiers[k].known) tiers[traffic.tier_names[k]] = EncodeTier(row.tiers[k]);
    }
    Json json{{"id", row.id}, {"source", row.source}, {"prompt", row.prompt}, {"tiers", std::move(tiers)}};
    if (!row.session.empty()) json["session"] = row.session;
    text += json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
    text += '\n';
  }
  return WriteFileWhole(path, text);
}

}  // namespace suffice
