#include "features/scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"
#include "features/letters.h"

namespace suffice {
namespace {

using Byte = unsigned char;

enum ByteClass : uint8_t { kBlank, kNewline, kLetter, kDigit, kMark, kHigh };

constexpr size_t kMaxWordBytes = 64;
constexpr int kMaxNumberShape = 5;
constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

// Codes of tokens that are not words. Code points stand for themselves.
constexpr uint64_t kNumberCode = uint64_t{1} << 32;
constexpr uint64_t kStartCode = uint64_t{1} << 33;

constexpr ShortWord kWww = {0x777777, 0};
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

// The finaliser of SplitMix64: every input bit reaches every output bit.
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

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
  Scanner(uint64_t salt, const Byte* text, TextCounts& counts, uint16_t* buckets)
      : salt_(salt), text_(text), counts_(counts), begin_(buckets), out_(buckets) {}

  void Scan(const Byte* p, const Byte* end, bool at_start) {
    has_previous_ = at_start;
    previous_ = Mix(salt_ + kGolden * kStartCode);
    if (at_start) LineStart(p, end);
    while (p < end) {
      switch (kClasses[*p]) {
        case kBlank:
          ++p;
          break;
        case kLetter:
          p = Word(p, end);
          break;
        case kDigit:
          p = Number(p, end);
          break;
        case kMark:
          p = Mark(p, end);
          break;
        case kNewline:
          Code('\n');
          LineStart(++p, end);
          break;
        case kHigh:
          p = High(p, end);
          break;
      }
    }
  }

  size_t written() const { return static_cast<size_t>(out_ - begin_); }

 private:
  void Token(uint64_t hash) {
    *out_++ = static_cast<uint16_t>(hash >> 48);
    if (has_previous_) *out_++ = static_cast<uint16_t>(((std::rotl(previous_, 23) * kGolden) ^ hash) * kGolden >> 48);
    previous_ = hash;
    has_previous_ = true;
  }

  void Code(uint64_t code) { Token(Mix(salt_ + kGolden * (code + 1))); }

  const Byte* High(const Byte* p, const Byte* end) {
    const uint32_t point = LoneCharacter(p, end);
    if (point == 0) return Word(p, end);
    Code(point);
    return p + 3;
  }

  // An apostrophe at p (straight or curly) between letters; its length, else 0.
  static int Apostrophe(const Byte* p, const Byte* end) {
    const int size = *p == '\'' ? 1 : LoneCharacter(p, end) == kCurlyApostrophe ? 3 : 0;
    return size > 0 && end - p > size && IsLetter(p[size]) ? size : 0;
  }

  const Byte* Word(const Byte* p, const Byte* end) {
    if (end - p < static_cast<ptrdiff_t>(kShortWordBytes) + 1) return LongWord(p, end);
    const LetterRun run = ReadLetters(p);
    const Byte after = p[run.size];
    // What ends the run may yet belong to the word.
    if (run.size == 0 || after == '\'' || kClasses[after] == kHigh) return LongWord(p, end);
    Token(HashShort(run.word, run.size));
    CountWord(run.word, run.size, IsUpper(*p), run.all_capitals);
    return p + run.size;
  }

  // Words of any kind, byte by byte.
  const Byte* LongWord(const Byte* p, const Byte* end) {
    char word[kMaxWordBytes + kShortWordBytes];
    size_t size = 0, capitals = 0;
    const bool capital = IsUpper(*p);
    while (p < end) {
      Byte c = *p;
      int advance = 1;
      if (kClasses[c] == kLetter) {
        capitals += IsUpper(c);
        c |= 0x20;
      } else if (const int apostrophe = Apostrophe(p, end); apostrophe > 0) {
        c = '\'';
        advance = apostrophe;
      } else if (kClasses[c] != kHigh || LoneCharacter(p, end) != 0) {
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
    counts_.classes[kNegation] += size >= 3 && std::memcmp(word + size - 3, "n't", 3) == 0;
    return p;
  }

  uint64_t HashShort(const ShortWord& word, size_t size) const {
    return Mix(Mix(word.low ^ salt_) + word.high + kGolden * size);
  }

  void CountWord(const ShortWord& word, size_t size, bool capital, bool all_capitals) {
    const WordClasses classes = ClassesOf(word);
    if (counts_.words == 0) {
      counts_.starts_with_command = std::find(classes.begin(), classes.end(), kCommand) != classes.end();
    }
    for (const WordClass word_class : classes) ++counts_.classes[word_class];
    ++counts_.words;
    counts_.word_bytes += static_cast<uint32_t>(size);
    counts_.short_words += size <= 3;
    counts_.long_words += size >= 8;
    counts_.very_long_words += size >= 12;
    counts_.capital_words += capital;
    counts_.capitals_words += size >= 2 && all_capitals;
    counts_.links += word == kWww || (word.low & 0xFFFFFFFF) == kHttp;
  }

  const Byte* Number(const Byte* p, const Byte* end) {
    const Byte* const start = p;
    while (p < end && IsDigit(*p)) ++p;
    const auto digits = p - start;
    Code(kNumberCode + static_cast<uint64_t>(std::min<ptrdiff_t>(digits, kMaxNumberShape)));
    ++counts_.numbers;
    counts_.long_numbers += digits >= 3;
    return p;
  }

  const Byte* Mark(const Byte* p, const Byte* end) {
    const Byte c = *p;
    Code(c);
    const bool ends = p + 1 == end || kClasses[p[1]] == kBlank || kClasses[p[1]] == kNewline;
    counts_.sentences += ends && (c == '.' || c == '!' || c == '?');
    if (c == '(' && end - p > 3 && p[2] == ')' && IsOptionName(p[1])) Option(p, p + 3, end);
    return p + 1;
  }

  static bool IsOptionName(Byte c) { return (c >= 'A' && c <= 'J') || (c >= '1' && c <= '9'); }

  void Option(const Byte* p, const Byte* content, const Byte* end) {
    const size_t at = static_cast<size_t>(p - text_);
    if (counts_.options++ == 0) counts_.first_option = at;
    counts_.last_option = at;
    while (content < end && *content == ' ') ++content;
    counts_.number_options += content < end && (IsDigit(*content) || *content == '-' || *content == '$');
  }

  // Looks, without consuming, for what a line begins with.
  void LineStart(const Byte* p, const Byte* end) {
    while (p < end && (*p == ' ' || *p == '\t')) ++p;
    if (end - p < 3) return;
    const bool bullet = (*p == '-' || *p == '*') && p[1] == ' ';
    const bool numbered = IsDigit(*p) && (p[1] == '.' || (IsDigit(p[1]) && p[2] == '.'));
    counts_.list_marks += bullet || numbered || LoneCharacter(p, end) == 0x2022;
    const bool lettered = *p >= 'A' && *p <= 'J' && (p[1] == '.' || p[1] == ')') && p[2] == ' ';
    if (lettered || (IsDigit(*p) && p[1] == ')')) Option(p, p + 2, end);
  }

  const uint64_t salt_;
  const Byte* const text_;
  TextCounts& counts_;
  uint16_t* const begin_;
  uint16_t* out_;
  uint64_t previous_ = 0;
  bool has_previous_ = false;
};

void CountBytes(const Byte* p, const Byte* end, TextCounts& counts) {
  for (; p < end; ++p) ++counts.byte_counts[*p];
}

}  // namespace

size_t ScanText(std::string_view text, uint64_t salt, TextCounts& counts, uint16_t* buckets) {
  counts.bytes = text.size();
  const Byte* const begin = reinterpret_cast<const Byte*>(text.data());
  const Byte* const end = begin + text.size();
  Scanner scanner(salt, begin, counts, buckets);
  const bool whole = text.size() <= 2 * kScanEndBytes;
  const Byte* const head_end = whole ? end : begin + kScanEndBytes;
  const Byte* const tail = whole ? end : end - kScanEndBytes;
  scanner.Scan(begin, head_end, true);
  CountBytes(begin, head_end, counts);
  if (!whole) {
    scanner.Scan(tail, end, false);
    CountBytes(tail, end, counts);
  }
  counts.scanned = std::min(text.size(), 2 * kScanEndBytes);
  return scanner.written();
}

}  // namespace suffice
