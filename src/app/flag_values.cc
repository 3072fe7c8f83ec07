#include "app/flag_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <type_traits>

namespace suffice {
namespace {

// Fills one kind of target from its last text; the answer is SetFlagValue's.
struct Setter {
  const FlagOptions& options;
  const std::vector<std::string>& texts;

  std::string operator()(bool* target) const {
    const std::string& text = texts.back();
    if (text != "1" && text != "0" && text != "true" && text != "false") return "true or false";
    *target = text == "1" || text == "true";
    return "";
  }

  std::string operator()(std::string* target) const {
    const std::vector<std::string>& choices = options.choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), texts.back()) == choices.end()) {
      return fmt::format("one of {}", fmt::join(choices, ", "));
    }
    *target = texts.back();
    return "";
  }

  std::string operator()(std::vector<std::string>* target) const {
    *target = texts;
    return "";
  }

  template <class T>
  std::string operator()(T* target) const {
    const std::string& text = texts.back();
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole_text = error == std::errc() && end == text.data() + text.size();
    if (!whole_text || !options.range.Holds(static_cast<double>(value))) {
      const std::string_view kind = std::is_integral_v<T> ? "a whole number" : "a number";
      // Every whole number is finite, so an unlimited range has nothing to say of it.
      const bool unlimited = options.range.low == AnyNumber().low && options.range.high == AnyNumber().high;
      return std::is_integral_v<T> && unlimited ? std::string(kind)
                                                : fmt::format("{} {}", kind, options.range.ToString());
    }
    *target = value;
    return "";
  }
};

struct DefaultText {
  std::string operator()(const bool*) const { return ""; }
  std::string operator()(const std::string* value) const { return *value; }
  std::string operator()(const std::vector<std::string>* value) const {
    return fmt::format("{}", fmt::join(*value, ";"));
  }
  template <class T>
  std::string operator()(const T* value) const {
    return fmt::format("{}", *value);
  }
};

}  // namespace

std::string SetFlagValue(const FlagTarget& target, const FlagOptions& options, const std::vector<std::string>& texts) {
  return std::visit(Setter{options, texts}, target);
}

std::string FlagDefault(const FlagTarget& target) { return std::visit(DefaultText{}, target); }

}  // namespace suffice
