// Encodes one struct as a map of a YAML tree: the mirror of FieldReader, with the same methods, so that schema.cc
// describes each struct once.
// Thread contract: not thread-safe; lives on the stack of one encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/choices.h"
#include "config/field_reader.h"
#include "config/yaml_tree.h"

namespace suffice {

// A time as policy files write it: RFC 3339, in UTC.
std::string FormatTimeField(int64_t time_us);

class FieldWriter {
 public:
  // The shortest text that reads back as the same double.
  void Number(std::string_view key, double field, const Range&);
  void Number(std::string_view key, const std::optional<double>& field, const Range&);  // absent without a value
  void Flag(std::string_view key, bool field);
  void Time(std::string_view key, int64_t field_us);
  void Whole(std::string_view key, int64_t field, const Range&);
  void Text(std::string_view key, const std::string& field, TextRule);
  void TextOr(std::string_view key, const std::string& field, const std::string&);
  void TextList(std::string_view key, const std::vector<std::string>& field);
  void NumberMap(std::string_view key, const std::vector<std::pair<std::string, double>>& field, const Range&);

  template <class E>
  void Choice(std::string_view key, E field, std::type_identity_t<ChoiceTable<E>> choices) {
    Add(key, YamlNode::Plain(std::string(ChoiceName<E>(choices, field))));
  }

  template <class Fields>
  void Section(std::string_view key, Fields fields) {
    FieldWriter writer;
    fields(writer);
    Add(key, std::move(writer).Take());
  }

  template <class T, class Fields>
  void List(std::string_view key, const std::vector<T>& field, Fields fields) {
    YamlNode list = YamlNode::Sequence();
    for (const T& element : field) {
      FieldWriter writer;
      fields(writer, element);
      list.items.push_back(std::move(writer).Take());
    }
    Add(key, std::move(list));
  }

  YamlNode Take() && { return std::move(map_); }

 private:
  void Add(std::string_view key, YamlNode value);

  YamlNode map_ = YamlNode::Map();
};

}  // namespace suffice
