// Small closed lists of English words that say what kind of work a prompt asks for. Internal to this room.
// Thread contract: pure functions over constant data.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suffice {

// Bits of a word's classes. A word can be in several.
enum WordClass : uint32_t {
  kNegation, kFirstPerson, kSecondPerson, kThirdPerson, kWhat, kWhich, kHow, kWhy, kWhoWhenWhere, kQuantity, kComparison,
  kLogic, kCommand, kCode, kMathematics, kExplain, kBrevity, kWriting, kModal, kFunction, kWordClassCount
};

// Longest word in the lists, in bytes.
inline constexpr size_t kLongestListedWord = 16;

// The classes (bit 1 << class) of a lower-cased ASCII word. REQUIRES: `word` is readable for 16 bytes, zero after `size`.
uint32_t ClassesOf(const char* word, size_t size);

}  // namespace suffice
