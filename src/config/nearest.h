// "Did you mean": the known word that a mistyped one is closest to.
// Thread contract: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace suffice {

// The word of `known` with the smallest edit distance (swapped neighbours count once), if that is at most a third of
// the longer one's length (but at least 1); empty otherwise.
std::string_view NearestWord(std::string_view word, std::span<const std::string_view> known);

// "did you mean \"x\"?", or "expected one of a, b, c" when nothing is near; empty when nothing is known.
std::string SuggestWord(std::string_view word, std::span<const std::string_view> known);

}  // namespace suffice
