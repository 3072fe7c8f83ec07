// Finds the number that an answer comes to.
// Thread contract: pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace suffice {

// The last number in a text: "so it costs $1,234.50." gives 1234.5. Read: a sign (also U+2212) that does not follow a
// digit, letter or ')', groups of three digits after commas, a decimal part, an exponent. A digit that follows a letter
// (m2) begins no number.
std::optional<double> LastNumber(std::string_view text);

}  // namespace suffice
