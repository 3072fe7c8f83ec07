// Small closed lists of English words that say what kind of work a prompt asks for. Internal to this room.
// Thread contract: pure functions over constant data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace suffice {

enum WordClass : uint8_t {
  kNegation,
  kFirstPerson,
  kSecondPerson,
  kThirdPerson,
  kWhat,
  kWhich,
  kHow,
  kWhy,
  kWhoWhenWhere,
  kQuantity,
  kComparison,
  kLogic,
  kCommand,
  kCode,
  kMathematics,
  kExplain,
  kBrevity,
  kWriting,
  kModal,
  kFunction,
  kNoClass,  // counted like the others, so that counting needs no branch
  kWordClassCount
};

// A lower-cased word of up to 16 bytes, zero after its end, as two little-endian numbers.
struct ShortWord {
  uint64_t low = 0;
  uint64_t high = 0;
  constexpr bool operator==(const ShortWord&) const = default;
};
inline constexpr size_t kShortWordBytes = 16;

// The lists that a word is in, kNoClass after the last of them.
using WordClasses = std::array<WordClass, 3>;

WordClasses ClassesOf(const ShortWord& word);

}  // namespace suffice
