#include "config/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace suffice {
namespace {

// Whether the dotted `path` begins with the whole key `key`.
bool BeginsWith(std::string_view path, std::string_view key) {
  return path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
}

// The first key of `path` leaves it. `length`: of that key.
std::string_view TakeKey(std::string_view& path, size_t length) {
  const std::string_view key = path.substr(0, length);
  path.remove_prefix(length < path.size() ? length + 1 : length);
  return key;
}

size_t FirstKeyLength(std::string_view path) { return std::min(path.find('.'), path.size()); }

// The entry that `path` leads into; the longest key wins, since names of tiers may have dots in them.
YamlNode& StepIntoMap(YamlNode& map, std::string_view& path, const SourceLocation& where) {
  YamlEntry* best = nullptr;
  for (YamlEntry& entry : map.entries) {
    if (BeginsWith(path, entry.key) && (best == nullptr || entry.key.size() > best->key.size())) best = &entry;
  }
  if (best == nullptr) {
    const std::string_view key = TakeKey(path, FirstKeyLength(path));
    map.entries.push_back({std::string(key), where, {.where = where}});
    return map.entries.back().value;
  }
  TakeKey(path, best->key.size());
  return best->value;
}

std::optional<std::string_view> NameOf(const YamlNode& item) {
  const YamlNode* name = item.Find("name");
  if (name == nullptr || name->kind != YamlNode::Kind::kScalar) return std::nullopt;
  return name->text;
}

// By name (the longest), else by index; nullptr when there is no such element.
YamlNode* StepIntoSequence(YamlNode& sequence, std::string_view& path) {
  YamlNode* best = nullptr;
  size_t best_length = 0;
  for (YamlNode& item : sequence.items) {
    const std::optional<std::string_view> name = NameOf(item);
    if (!name.has_value() || !BeginsWith(path, *name) || (best != nullptr && name->size() <= best_length)) continue;
    best = &item;
    best_length = name->size();
  }
  if (best != nullptr) {
    TakeKey(path, best_length);
    return best;
  }
  const std::string_view key = path.substr(0, FirstKeyLength(path));
  size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || end != key.data() + key.size() || index >= sequence.items.size()) return nullptr;
  TakeKey(path, key.size());
  return &sequence.items[index];
}

std::string NoSuchElement(const YamlNode& sequence, std::string_view path) {
  std::string names;
  for (const YamlNode& item : sequence.items) {
    const std::optional<std::string_view> name = NameOf(item);
    if (name.has_value()) names += fmt::format("{}{}", names.empty() ? "" : ", ", *name);
  }
  return fmt::format("no element \"{}\" in a list of {}{}{}", path.substr(0, FirstKeyLength(path)),
                     sequence.items.size(), names.empty() ? "" : ": ", names);
}

void ApplyOverride(std::string_view override_text, YamlNode& root, Diagnostics& diagnostics) {
  const size_t equals = override_text.find('=');
  const SourceLocation where{.override_path = std::string(override_text.substr(0, equals))};
  if (equals == std::string_view::npos || equals == 0) {
    diagnostics.Add({.override_path = std::string(override_text)}, "", "expected key.path=value");
    return;
  }
  const size_t problems = diagnostics.size();
  YamlNode value = ParseYamlValue(std::string(override_text.substr(equals + 1)), where, diagnostics);
  if (diagnostics.size() > problems) return;
  YamlNode* node = &root;
  for (std::string_view rest = where.override_path; !rest.empty();) {
    if (node->kind == YamlNode::Kind::kNull) *node = {.kind = YamlNode::Kind::kMap, .where = where};
    if (node->kind == YamlNode::Kind::kMap) {
      node = &StepIntoMap(*node, rest, where);
    } else if (node->kind == YamlNode::Kind::kSequence) {
      YamlNode* next = StepIntoSequence(*node, rest);
      if (next == nullptr) return diagnostics.Add(where, "", NoSuchElement(*node, rest));
      node = next;
    } else {
      return diagnostics.Add(where, "", fmt::format("there is no \"{}\" inside the value {}", rest, Describe(*node)));
    }
  }
  *node = std::move(value);
}

}  // namespace

void ApplyOverrides(const std::vector<std::string>& overrides, YamlNode& root, Diagnostics& diagnostics) {
  for (const std::string& text : overrides) ApplyOverride(text, root, diagnostics);
}

}  // namespace suffice
