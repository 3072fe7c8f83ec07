#include "config/field_writer.h"

#include <fmt/format.h>

#include "absl/time/time.h"

namespace suffice {
namespace {

void AddTo(YamlNode& map, std::string_view key, YamlNode value) {
  YamlEntry& entry = map.entries.emplace_back();
  entry.key = key;
  entry.value = std::move(value);
}

YamlNode NumberNode(double value) { return YamlNode::Plain(fmt::format("{}", value + 0.0)); }  // + 0.0: no "-0"

}  // namespace

void FieldWriter::Number(std::string_view key, double field, const Range&) { Add(key, NumberNode(field)); }

void FieldWriter::Number(std::string_view key, const std::optional<double>& field, const Range&) {
  if (field) Add(key, NumberNode(*field));
}

void FieldWriter::Flag(std::string_view key, bool field) { Add(key, YamlNode::Plain(field ? "true" : "false")); }

std::string FormatTimeField(int64_t time_us) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

void FieldWriter::Time(std::string_view key, int64_t field_us) {
  Add(key, YamlNode::Quoted(FormatTimeField(field_us)));
}

void FieldWriter::Whole(std::string_view key, int64_t field, const Range&) {
  Add(key, YamlNode::Plain(fmt::format("{}", field)));
}

void FieldWriter::Text(std::string_view key, const std::string& field, TextRule) { Add(key, YamlNode::Quoted(field)); }

void FieldWriter::TextOr(std::string_view key, const std::string& field, const std::string&) {
  Add(key, YamlNode::Quoted(field));
}

void FieldWriter::TextList(std::string_view key, const std::vector<std::string>& field) {
  YamlNode list = YamlNode::Sequence();
  for (const std::string& text : field) list.items.push_back(YamlNode::Quoted(text));
  Add(key, std::move(list));
}

void FieldWriter::NumberMap(std::string_view key, const std::vector<std::pair<std::string, double>>& field,
                            const Range&) {
  YamlNode map = YamlNode::Map();
  for (const auto& [name, number] : field) AddTo(map, name, NumberNode(number));
  Add(key, std::move(map));
}

void FieldWriter::Add(std::string_view key, YamlNode value) { AddTo(map_, key, std::move(value)); }

}  // namespace suffice
