// Small closed lists of English words that say what kind of work a prompt asks for. Internal to this room.
// Thread contract: pure functions over constant data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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
  kWordClassCount
};

// A lower-cased word of up to 16 bytes, zero after its end, as two little-endian numbers.
struct ShortWord {
  uint64_t low = 0;
  uint64_t high = 0;
  constexpr bool operator==(const ShortWord&) const = default;
};
inline constexpr size_t kShortWordBytes = 16;

// Which lists a word is in, as the number of that set of lists; several words share one.
using ListSet = uint8_t;
inline constexpr ListSet kInNoList = 0;
inline constexpr size_t kListSets = 64;  // numbers are smaller

// Without a branch that depends on the word.
ListSet ListsOf(const ShortWord& word);
// The lists of a set.
std::span<const WordClass> ClassesIn(ListSet set);

}  // namespace suffice
