// Small closed lists of English words that say what kind of work a prompt asks for. Internal to this room.
// Thread contract: pure functions over constant data.
#pragma once

#include <array>
#include <bit>
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
  kLink,  // what begins with "http" is one, too
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

// The words of all lists, as a perfect hash by displacement: words fall into groups, and each group is moved along the
// table by so many slots that its words meet no others (Fox, Heath, Chen and Daoud 1992). So a look-up is two loads and
// no search.
struct WordTable {
  static constexpr size_t kGroups = 256, kSlots = 1024;

  struct Place {
    size_t group, slot;
  };
  static constexpr Place PlaceOf(const ShortWord& word, uint64_t multiplier) {
    const uint64_t hash = (word.low ^ std::rotl(word.high, 29)) * multiplier;
    return {static_cast<size_t>(hash >> 56), static_cast<size_t>(hash >> 46) % kSlots};
  }

  uint64_t multiplier = 0;
  std::array<uint16_t, kGroups> moved_by{};
  std::array<ShortWord, kSlots> words{};  // zero: the slot is free
  std::array<ListSet, kSlots> sets{};
};
extern const WordTable kWordTable;

// Without a branch that depends on the word.
inline ListSet ListsOf(const ShortWord& word) {
  const WordTable::Place place = WordTable::PlaceOf(word, kWordTable.multiplier);
  const size_t slot = (place.slot + kWordTable.moved_by[place.group]) % WordTable::kSlots;
  const ShortWord& found = kWordTable.words[slot];
  const uint64_t differs = (found.low ^ word.low) | (found.high ^ word.high);
  static_assert(kInNoList == 0);
  return static_cast<ListSet>(kWordTable.sets[slot] * (differs == 0));
}
// The lists of a set.
std::span<const WordClass> ClassesIn(ListSet set);

}  // namespace suffice
