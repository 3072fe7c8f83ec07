// One pass over the bytes of a text: its tokens' hashes and what the counted properties are made from. Internal to
// this room.
//
// Tokens: a word is a run of ASCII letters and bytes from 0x80 on, lower-cased (ASCII only), with apostrophes inside
// it; past 64 bytes the rest of a word is ignored. A number is a run of digits and stands for its length, capped at 5.
// Every other printable ASCII character, every newline, every Unicode general punctuation mark, and every Chinese or
// Japanese character (these are written without blanks) is a token of its own. Other control characters and blanks
// separate.
// Thread contract: value types, confined to one thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "features/marked_text.h"
#include "features/words.h"

namespace suffice {

// Of a longer text, only this many bytes from either end are read, so cost is bounded and filler cannot grow without
// limit.
inline constexpr size_t kScanEndBytes = 4096;
// No text gives more: one per byte read.
inline constexpr size_t kMaxTokens = 2 * kScanEndBytes;
static_assert(MarkedText::kCapacity == 2 * kScanEndBytes);

struct TextCounts {
  size_t bytes = 0;                   // of the whole text
  size_t scanned = 0;                 // bytes read; what follows is of these
  std::array<uint32_t, 128> marks{};  // by character: newlines and printable ASCII but letters and digits
  uint32_t capitals = 0, digits = 0, rare_letters = 0, not_ascii = 0;  // bytes; see MarkedText::Tally
  uint32_t words = 0;
  uint32_t word_bytes = 0;
  uint32_t short_words = 0;      // up to 3 bytes
  uint32_t long_words = 0;       // 8 bytes and more
  uint32_t very_long_words = 0;  // 12 bytes and more
  uint32_t capital_words = 0;    // begin with a capital
  uint32_t capitals_words = 0;   // two letters and more, all capitals
  std::array<uint32_t, kWordClassCount> classes{};
  bool starts_with_command = false;
  uint32_t numbers = 0;
  uint32_t long_numbers = 0;                 // 3 digits and more
  uint32_t sentences = 0;                    // . ! or ? before a blank or the end
  uint32_t list_marks = 0;                   // lines that begin with "- ", "* ", a bullet or "1."
  uint32_t options = 0;                      // "(A)" or "(1)" anywhere; lines that begin with "A.", "A)" or "1)"
  uint32_t number_options = 0;               // options that begin with a digit, a sign or a dollar
  size_t first_option = 0, last_option = 0;  // where they begin
  uint32_t links = 0;                        // "http" or "www"
};

// How many tokens were read from the text's beginning, and, where it was not read to its end, how many behind them are of
// its end.
struct ScannedTokens {
  size_t head = 0, tail = 0;
};

// Scans `text` into fresh `counts`, and the tokens' hashes in order of appearance into `tokens`, which has room for
// kMaxTokens. `marked`: memory to work in.
ScannedTokens ScanText(std::string_view text, uint64_t salt, TextCounts& counts, uint64_t* tokens, MarkedText& marked);

inline constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15ULL;  // of 2^64, odd: multiplies hashes

// The hash that stands before the first token of a text.
uint64_t StartToken(uint64_t salt);
// The bucket of a token, and of two that follow each other.
inline uint16_t UnigramBucket(uint64_t token) { return static_cast<uint16_t>(token >> 48); }
inline uint16_t BigramBucket(uint64_t first, uint64_t second) {
  return static_cast<uint16_t>(((std::rotl(first, 23) * kGoldenRatio) ^ second) * kGoldenRatio >> 48);
}

}  // namespace suffice
