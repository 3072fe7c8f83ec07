#include "features/scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/hash.h"
#include "features/word_tally.h"

namespace suffice {
namespace {

using Byte = unsigned char;

enum ByteClass : uint8_t { kBlank, kNewline, kLetter, kDigit, kMark, kHigh };

constexpr int kMaxNumberShape = 5;

// Codes of tokens that are not words. Code points stand for themselves.
constexpr uint64_t kNumberCode = uint64_t{1} << 32;
constexpr uint64_t kStartCode = (uint64_t{1} << 33) - 1;  // before the first token

constexpr uint64_t kCaseBits = 0x2020202020202020ULL;  // what makes a capital small
constexpr uint64_t kHttp = 0x70747468;  // what a word begins with

constexpr bool IsUpper(Byte c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLetter(Byte c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool IsDigit(Byte c) { return c >= '0' && c <= '9'; }

constexpr std::array<ByteClass, 256> MakeClasses() {
  std::array<ByteClass, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const Byte byte = static_cast<Byte>(c);
    classes[c] = c == '\n'             ? kNewline
                 : IsLetter(byte)      ? kLetter
                 : IsDigit(byte)       ? kDigit
                 : c >= 0x80           ? kHigh
                 : c > ' ' && c < 0x7F ? kMark
                                       : kBlank;
  }
  return classes;
}
constexpr std::array<ByteClass, 256> kClasses = MakeClasses();

// The bytes of a short word, as a mask: by its length.
constexpr std::array<ShortWord, kShortWordBytes + 1> kPrefixes = [] {
  std::array<ShortWord, kShortWordBytes + 1> prefixes{};
  for (size_t size = 1; size <= kShortWordBytes; ++size) {
    prefixes[size] = prefixes[size - 1];
    uint64_t& half = size <= 8 ? prefixes[size].low : prefixes[size].high;
    half = half << 8 | 0xFF;
  }
  return prefixes;
}();

uint64_t LoadEight(const void* bytes) {
  uint64_t eight;
  std::memcpy(&eight, bytes, sizeof(eight));
  return eight;
}

// The finaliser of SplitMix64: every input bit reaches every output bit.
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

constexpr uint64_t HashCode(uint64_t code, uint64_t salt) { return Mix(salt + kGoldenRatio * (code + 1)); }

// The code point of a well-formed three-byte sequence that is a token of its own, else 0.
uint32_t LoneCharacter(const Byte* p, const Byte* end) {
  if (end - p < 3 || (p[0] & 0xF0) != 0xE0 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80) return 0;
  const uint32_t point = (p[0] & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
  const bool punctuation = point >= 0x2000 && point < 0x2070;
  const bool han_or_kana = point >= 0x3000 && point < 0xA000;
  const bool full_width = point >= 0xFF00 && point < 0xFFF0;
  return punctuation || han_or_kana || full_width ? point : 0;
}
constexpr uint32_t kCurlyApostrophe = 0x2019;

class Scanner {
 public:
  // `marked` is the text from `offset` on, or the first part of that.
  Scanner(uint64_t salt, const MarkedText& marked, size_t offset, TextCounts& counts, WordTally& words,
          uint64_t* tokens)
      : salt_(salt),
        marked_(marked),
        end_(marked.end()),
        offset_(offset),
        counts_(counts),
        words_(words),
        begin_(tokens),
        out_(tokens) {}

  // Returns how many tokens were written.
  size_t Scan() {
    const Byte* p = marked_.begin();
    if (offset_ == 0) LineStart(p);
    while ((p = marked_.SkipBlanks(p)) < end_) {
      switch (kClasses[*p]) {
        case kLetter:
          p = Words(p);
          break;
        case kDigit:
          p = Number(p);
          break;
        case kMark:
          p = Mark(p);
          break;
        case kNewline:
          Code('\n');
          ++counts_.marks['\n'];
          LineStart(++p);
          break;
        case kHigh:
          p = High(p);
          break;
        case kBlank:
          break;
      }
    }
    return static_cast<size_t>(out_ - begin_);
  }

 private:
  void Token(uint64_t hash) { *out_++ = hash; }
  void Code(uint64_t code) { Token(HashCode(code, salt_)); }

  const Byte* High(const Byte* p) {
    const uint32_t point = LoneCharacter(p, end_);
    if (point == 0) return LongWord(p);
    Code(point);
    return p + 3;
  }

  // An apostrophe at p (straight or curly) between letters; its length, else 0.
  int Apostrophe(const Byte* p) const {
    const int size = *p == '\'' ? 1 : LoneCharacter(p, end_) == kCurlyApostrophe ? 3 : 0;
    return size > 0 && end_ - p > size && IsLetter(p[size]) ? size : 0;
  }

  // A word, and those that follow it after one blank each: most of most texts.
  const Byte* Words(const Byte* p) {
    while (true) {
      const size_t size = marked_.LettersAt(p);
      const Byte after = p[size];
      // What ends the run may yet belong to the word.
      if (size > kShortWordBytes || after == '\'' || after >= 0x80) return LongWord(p);
      const ShortWord& prefix = kPrefixes[size];
      const ShortWord raw = {LoadEight(p) & prefix.low, LoadEight(p + 8) & prefix.high};
      const ShortWord word = {raw.low | (kCaseBits & prefix.low), raw.high | (kCaseBits & prefix.high)};
      Token(HashShort(word, size));
      CountWord(word, size, (raw.low & 0x20) == 0, ((raw.low | raw.high) & kCaseBits) == 0);
      p += size;
      if (after != ' ' || !IsLetter(p[1])) return p;
      ++p;
    }
  }

  // Words of any kind, byte by byte.
  const Byte* LongWord(const Byte* p) {
    char word[kMaxWordBytes + kShortWordBytes];
    size_t size = 0, capitals = 0;
    const bool capital = IsUpper(*p);
    while (p < end_) {
      Byte c = *p;
      int advance = 1;
      if (kClasses[c] == kLetter) {
        capitals += IsUpper(c);
        c |= 0x20;
      } else if (const int apostrophe = Apostrophe(p); apostrophe > 0) {
        c = '\'';
        advance = apostrophe;
        counts_.marks['\''] += apostrophe == 1;
      } else if (kClasses[c] != kHigh || LoneCharacter(p, end_) != 0) {
        break;
      }
      if (size < kMaxWordBytes) word[size++] = static_cast<char>(c);
      p += advance;
    }
    std::memset(word + size, 0, kShortWordBytes);
    const ShortWord short_word =
        size <= kShortWordBytes ? ShortWord{LoadEight(word), LoadEight(word + 8)} : ShortWord();
    Token(size <= kShortWordBytes ? HashShort(short_word, size) : Hash64({word, size}, salt_));
    CountWord(short_word, size, capital, capitals == size);
    words_.negations += size >= 3 && std::memcmp(word + size - 3, "n't", 3) == 0;
    return p;
  }

  uint64_t HashShort(const ShortWord& word, size_t size) const {
    return Mix(Mix(word.low ^ salt_) + word.high + kGoldenRatio * size);
  }

  void CountWord(const ShortWord& word, size_t size, bool capital, bool all_capitals) {
    const ListSet lists = ListsOf(word);
    if (words_.first_lists < 0) words_.first_lists = lists;
    ++words_.by_lists[lists];
    ++words_.by_size[size];
    words_.capital += capital;
    words_.all_capitals += (size >= 2) & all_capitals;
    words_.http += (word.low & 0xFFFFFFFF) == kHttp;
  }

  const Byte* Number(const Byte* p) {
    const Byte* const start = p;
    while (p < end_ && IsDigit(*p)) ++p;
    const auto digits = p - start;
    Code(kNumberCode + static_cast<uint64_t>(std::min<ptrdiff_t>(digits, kMaxNumberShape)));
    ++counts_.numbers;
    counts_.digits += static_cast<uint32_t>(digits);
    counts_.long_numbers += digits >= 3;
    return p;
  }

  const Byte* Mark(const Byte* p) {
    const Byte c = *p;
    Code(c);
    ++counts_.marks[c];
    // The zero after the end is a blank.
    const bool ends = kClasses[p[1]] == kBlank || kClasses[p[1]] == kNewline;
    counts_.sentences += ends & ((c == '.') | (c == '!') | (c == '?'));
    if (c == '(' && end_ - p > 3 && p[2] == ')' && IsOptionName(p[1])) Option(p, p + 3);
    return p + 1;
  }

  static bool IsOptionName(Byte c) { return (c >= 'A' && c <= 'J') || (c >= '1' && c <= '9'); }

  void Option(const Byte* p, const Byte* content) {
    const size_t at = offset_ + static_cast<size_t>(p - marked_.begin());
    if (counts_.options++ == 0) counts_.first_option = at;
    counts_.last_option = at;
    while (content < end_ && *content == ' ') ++content;
    counts_.number_options += content < end_ && (IsDigit(*content) || *content == '-' || *content == '$');
  }

  // Looks, without consuming, for what a line begins with.
  void LineStart(const Byte* p) {
    while (p < end_ && (*p == ' ' || *p == '\t')) ++p;
    if (end_ - p < 3) return;
    const bool bullet = (*p == '-' || *p == '*') && p[1] == ' ';
    const bool numbered = IsDigit(*p) && (p[1] == '.' || (IsDigit(p[1]) && p[2] == '.'));
    counts_.list_marks += bullet || numbered || LoneCharacter(p, end_) == 0x2022;
    const bool lettered = *p >= 'A' && *p <= 'J' && (p[1] == '.' || p[1] == ')') && p[2] == ' ';
    if (lettered || (IsDigit(*p) && p[1] == ')')) Option(p, p + 2);
  }

  const uint64_t salt_;
  const MarkedText& marked_;
  const Byte* const end_;
  const size_t offset_;
  TextCounts& counts_;
  WordTally& words_;
  uint64_t* const begin_;
  uint64_t* out_;
};

void AddTally(const MarkedText::Tally& tally, TextCounts& counts) {
  counts.capitals += tally.capitals;
  counts.rare_letters += tally.rare_letters;
  counts.not_ascii += tally.not_ascii;
}

}  // namespace

uint64_t StartToken(uint64_t salt) { return HashCode(kStartCode, salt); }

ScannedTokens ScanText(std::string_view text, uint64_t salt, TextCounts& counts, uint64_t* tokens, MarkedText& marked) {
  counts.bytes = text.size();
  const bool whole = text.size() <= 2 * kScanEndBytes;
  const std::string_view head = whole ? text : text.substr(0, kScanEndBytes);
  const std::string_view tail = whole ? std::string_view() : text.substr(text.size() - kScanEndBytes);
  WordTally words;
  const auto scan = [&](std::string_view part, size_t offset, uint64_t* out) {
    marked.Set(part);
    AddTally(marked.tally(), counts);
    return Scanner(salt, marked, offset, counts, words, out).Scan();
  };
  ScannedTokens scanned;
  scanned.head = scan(head, 0, tokens);
  if (!whole) scanned.tail = scan(tail, text.size() - kScanEndBytes, tokens + scanned.head);
  words.AddTo(counts);
  counts.scanned = head.size() + tail.size();
  return scanned;
}

}  // namespace suffice
