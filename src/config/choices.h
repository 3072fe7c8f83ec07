// Enumerations by name.
// Thread contract: pure functions.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace suffice {

template <class E>
using ChoiceTable = std::span<const std::pair<E, std::string_view>>;

template <class E>
std::optional<E> ChoiceOf(ChoiceTable<E> choices, std::string_view name) {
  for (const auto& [value, text] : choices) {
    if (text == name) return value;
  }
  return std::nullopt;
}

// REQUIRES: `value` is in the table.
template <class E>
std::string_view ChoiceName(ChoiceTable<E> choices, E value) {
  for (const auto& [candidate, text] : choices) {
    if (candidate == value) return text;
  }
  return "unknown";
}

template <class E>
std::vector<std::string_view> ChoiceNames(ChoiceTable<E> choices) {
  std::vector<std::string_view> names;
  for (const auto& [value, text] : choices) names.push_back(text);
  return names;
}

}  // namespace suffice
