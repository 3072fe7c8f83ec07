#include "config/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "absl/time/time.h"
#include "config/nearest.h"

namespace suffice {
namespace {

// Decimal numbers as JSON writes them, and no others: YAML readers do not agree on what 012, 1_000 or .5 mean.
bool LooksDecimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const auto digit = [&](size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  if (!digit(0) || (text[0] == '0' && digit(1))) return false;
  size_t i = 0;
  while (digit(i)) ++i;
  if (i < text.size() && text[i] == '.') {
    if (!digit(++i)) return false;
    while (digit(i)) ++i;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digit(i)) return false;
    while (digit(i)) ++i;
  }
  return i == text.size();
}

template <class T>
std::optional<T> ParseDecimal(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted || !LooksDecimal(node.text)) return std::nullopt;
  T value{};
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

FieldReader::FieldReader(const YamlNode& map, std::string path, Diagnostics& diagnostics)
    : map_(map), path_(std::move(path)), diagnostics_(diagnostics) {
  if (map_.kind != YamlNode::Kind::kMap) AddWrong(path_, map_, "a map");
}

FieldReader::~FieldReader() {
  AddDuplicates();
  AddUnknown();
}

void FieldReader::Number(std::string_view key, double& field, const Range& range) {
  if (const YamlNode* node = Find(key)) ReadNumber(PathOf(key), *node, range, field);
}

void FieldReader::Number(std::string_view key, std::optional<double>& field, const Range& range) {
  const YamlNode* node = Find(key);
  double number = 0;
  if (node != nullptr && ReadNumber(PathOf(key), *node, range, number)) field = number;
}

void FieldReader::Flag(std::string_view key, bool& field) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return;
  const std::string_view text = node->kind == YamlNode::Kind::kScalar ? std::string_view(node->text) : "";
  if (text != "true" && text != "false") return AddWrong(PathOf(key), *node, "true or false");
  field = text == "true";
}

void FieldReader::Time(std::string_view key, int64_t& field_us) {
  const YamlNode* node = Find(key);
  if (node == nullptr) {
    if (map_.kind == YamlNode::Kind::kMap) diagnostics_.Add(map_.where, PathOf(key), "required");
    return;
  }
  const std::string text = node->kind == YamlNode::Kind::kScalar ? node->text : "";
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%d", text, &time, nullptr) && !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
    return AddWrong(PathOf(key), *node, "a date such as 2026-12-31, or a date and time such as 2026-12-31T18:00:00Z");
  }
  field_us = absl::ToUnixMicros(time);
}

void FieldReader::Whole(std::string_view key, int64_t& field, const Range& range) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return;
  const std::optional<int64_t> value = ParseDecimal<int64_t>(*node);
  if (value.has_value() && range.Holds(static_cast<double>(*value))) {
    field = *value;
  } else {
    AddWrong(PathOf(key), *node, "a whole number " + range.ToString());
  }
}

void FieldReader::Whole(std::string_view key, int& field, const Range& range) {
  int64_t wide = field;
  Whole(key, wide, {range.low, std::min<double>(range.high, std::numeric_limits<int>::max()), range.open_low});
  field = static_cast<int>(wide);
}

void FieldReader::Text(std::string_view key, std::string& field, TextRule rule) {
  if (const YamlNode* node = Find(key)) {
    ReadText(PathOf(key), *node, rule == TextRule::kAny, field);
  } else if (rule == TextRule::kRequired && map_.kind == YamlNode::Kind::kMap) {
    diagnostics_.Add(map_.where, PathOf(key), "required");
  }
}

void FieldReader::TextOr(std::string_view key, std::string& field, const std::string& fallback) {
  field = fallback;
  Text(key, field, TextRule::kNonEmpty);
}

void FieldReader::TextList(std::string_view key, std::vector<std::string>& field) {
  const YamlNode* node = FindSequence(key);
  if (node == nullptr) return;
  field.clear();
  for (size_t i = 0; i < node->items.size(); ++i) {
    const std::string path = fmt::format("{}.{}", PathOf(key), i);
    std::string text;
    if (!ReadText(path, node->items[i], false, text)) continue;
    if (std::find(field.begin(), field.end(), text) != field.end()) {
      diagnostics_.Add(node->items[i].where, path, fmt::format("\"{}\" is listed twice", text));
    } else {
      field.push_back(std::move(text));
    }
  }
}

void FieldReader::NumberMap(std::string_view key, std::vector<std::pair<std::string, double>>& field,
                            const Range& range) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return;
  field.clear();
  FieldReader reader(*node, PathOf(key), diagnostics_);
  for (const YamlEntry& entry : node->entries) {
    const bool is_first = reader.Find(entry.key) == &entry.value;
    double number = 0;
    if (is_first && ReadNumber(reader.PathOf(entry.key), entry.value, range, number)) {
      field.emplace_back(entry.key, number);
    }
  }
}

const YamlNode* FieldReader::Find(std::string_view key) {
  known_.push_back(key);
  return map_.Find(key);
}

const YamlNode* FieldReader::FindSequence(std::string_view key) {
  const YamlNode* node = Find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kSequence) return node;
  AddWrong(PathOf(key), *node, "a list");
  return nullptr;
}

std::string FieldReader::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void FieldReader::AddWrong(const std::string& path, const YamlNode& node, std::string_view expected) {
  diagnostics_.Add(node.where, path, fmt::format("expected {}, got {}", expected, Describe(node)));
}

void FieldReader::AddBadChoice(std::string_view key, const YamlNode& node, const std::vector<std::string_view>& names) {
  std::string reason = "expected one of ";
  for (size_t i = 0; i < names.size(); ++i) reason += fmt::format("{}{}", i == 0 ? "" : ", ", names[i]);
  reason += fmt::format("; got {}", Describe(node));
  const std::string_view nearest = node.kind == YamlNode::Kind::kScalar ? NearestWord(node.text, names) : "";
  if (!nearest.empty()) reason += fmt::format(" (did you mean \"{}\"?)", nearest);
  diagnostics_.Add(node.where, PathOf(key), reason);
}

bool FieldReader::ReadText(const std::string& path, const YamlNode& node, bool may_be_empty, std::string& field) {
  if (node.kind != YamlNode::Kind::kScalar || (node.text.empty() && !may_be_empty)) {
    AddWrong(path, node, may_be_empty ? "a string" : "a non-empty string");
    return false;
  }
  if (HasControlCharacter(node.text)) {
    diagnostics_.Add(node.where, path, "expected a string without control characters or line breaks");
    return false;
  }
  field = node.text;
  return true;
}

bool FieldReader::ReadNumber(const std::string& path, const YamlNode& node, const Range& range, double& field) {
  const std::optional<double> value = ParseDecimal<double>(node);
  if (!value.has_value() || !range.Holds(*value)) {
    AddWrong(path, node, "a number " + range.ToString());
    return false;
  }
  field = *value + 0.0;  // -0 becomes 0: they are equal, so they must also be written, and hashed, alike
  return true;
}

void FieldReader::AddDuplicates() const {
  for (size_t i = 0; i < map_.entries.size(); ++i) {
    const YamlEntry& entry = map_.entries[i];
    const auto first = std::find_if(map_.entries.begin(), map_.entries.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const YamlEntry& other) { return other.key == entry.key; });
    if (first == map_.entries.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    const int line = first->where.line;
    diagnostics_.Add(entry.where, PathOf(entry.key),
                     line > 0 ? fmt::format("duplicate key, first at line {}", line) : "duplicate key");
  }
}

void FieldReader::AddUnknown() const {
  for (const YamlEntry& entry : map_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    diagnostics_.Add(entry.where, PathOf(entry.key), "unknown key; " + SuggestWord(entry.key, known_));
  }
}

}  // namespace suffice
