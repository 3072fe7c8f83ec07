// Decodes one map of a YAML tree, field by field, and reports everything that is wrong with it. FieldWriter has the
// same methods, so that schema.cc describes each struct once for both directions: a new key is one line there.
// Thread contract: not thread-safe; lives on the stack of one decoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/choices.h"
#include "config/diagnostics.h"
#include "config/range.h"
#include "config/yaml_tree.h"

namespace suffice {

enum class TextRule { kAny, kNonEmpty, kRequired };  // kRequired: must be there, and not empty

class FieldReader {
 public:
  // `path` is the dotted key of `map`, empty at the top.
  FieldReader(const YamlNode& map, std::string path, Diagnostics& diagnostics);
  // Reports unknown and duplicate keys.
  ~FieldReader();
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  // Each leaves `field` as it is when the key is absent, or wrong.
  void Number(std::string_view key, double& field, const Range& range);
  // Stays without a value when the key is absent.
  void Number(std::string_view key, std::optional<double>& field, const Range& range);
  void Flag(std::string_view key, bool& field);  // true or false
  // An RFC 3339 date (its midnight, UTC) or date and time, as microseconds since the Unix epoch. Must be there.
  void Time(std::string_view key, int64_t& field_us);
  void Whole(std::string_view key, int64_t& field, const Range& range);
  void Whole(std::string_view key, int& field, const Range& range);
  void Text(std::string_view key, std::string& field, TextRule rule);
  // A non-empty string; `fallback` when the key is absent.
  void TextOr(std::string_view key, std::string& field, const std::string& fallback);
  // Distinct, non-empty strings.
  void TextList(std::string_view key, std::vector<std::string>& field);
  void NumberMap(std::string_view key, std::vector<std::pair<std::string, double>>& field, const Range& range);

  template <class E>
  void Choice(std::string_view key, E& field, std::type_identity_t<ChoiceTable<E>> choices) {
    const YamlNode* node = Find(key);
    if (node == nullptr) return;
    const std::optional<E> choice = ChoiceOf<E>(choices, node->kind == YamlNode::Kind::kScalar ? node->text : "");
    if (choice.has_value()) {
      field = *choice;
    } else {
      AddBadChoice(key, *node, ChoiceNames<E>(choices));
    }
  }

  // A map of its own; `fields` is called with its reader.
  template <class Fields>
  void Section(std::string_view key, Fields fields) {
    const YamlNode* node = Find(key);
    if (node == nullptr) return;
    FieldReader reader(*node, PathOf(key), diagnostics_);
    fields(reader);
  }

  // A list of maps; `fields` is called with the reader and the new element of each.
  template <class T, class Fields>
  void List(std::string_view key, std::vector<T>& field, Fields fields) {
    const YamlNode* node = FindSequence(key);
    if (node == nullptr) return;
    field.clear();
    for (size_t i = 0; i < node->items.size(); ++i) {
      FieldReader reader(node->items[i], PathOf(key) + "." + std::to_string(i), diagnostics_);
      fields(reader, field.emplace_back());
    }
  }

 private:
  // The value of `key`, which is from then on a known one.
  const YamlNode* Find(std::string_view key);
  const YamlNode* FindSequence(std::string_view key);
  std::string PathOf(std::string_view key) const;
  void AddWrong(const std::string& path, const YamlNode& node, std::string_view expected);
  void AddBadChoice(std::string_view key, const YamlNode& node, const std::vector<std::string_view>& names);
  bool ReadText(const std::string& path, const YamlNode& node, bool may_be_empty, std::string& field);
  bool ReadNumber(const std::string& path, const YamlNode& node, const Range& range, double& field);
  void AddDuplicates() const;
  void AddUnknown() const;

  const YamlNode& map_;
  const std::string path_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> known_;
};

}  // namespace suffice
