#include "features/plain_sketch.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <vector>

#include "base/hash.h"
#include "features/properties.h"
#include "features/scan.h"
#include "features/words.h"

namespace suffice {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;
constexpr uint64_t kNumberCode = uint64_t{1} << 32, kStartCode = uint64_t{1} << 33;
constexpr uint32_t kCurlyApostrophe = 0x2019, kBullet = 0x2022;

bool IsUpper(int c) { return c >= 'A' && c <= 'Z'; }
bool IsLetter(int c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
bool IsDigit(int c) { return c >= '0' && c <= '9'; }
bool IsBlank(int c) { return (c >= 0 && c <= ' ' && c != '\n') || c == 0x7F; }

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

class PlainScan {
 public:
  PlainScan(std::string_view text, size_t begin, size_t end, uint64_t salt, TextCounts& counts)
      : text_(text), at_(begin), end_(end), salt_(salt), counts_(counts) {
    previous_ = Mix(salt_ + kGolden * kStartCode);
    has_previous_ = begin == 0;
    for (size_t i = begin; i < end; ++i) Count(Byte(i));
    if (begin == 0) LineStart();
    while (at_ < end_) Next();
  }
  std::vector<uint16_t> buckets;

 private:
  void Count(int c) {
    const bool rare = c < 0x80 && std::string_view("jqxzJQXZ").find(static_cast<char>(c)) != std::string_view::npos;
    if (IsUpper(c)) ++counts_.capitals;
    if (IsDigit(c)) ++counts_.digits;
    if (rare) ++counts_.rare_letters;
    if (c >= 0x80) ++counts_.not_ascii;
    if (c < 0x80 && !IsLetter(c) && !IsDigit(c) && !IsBlank(c)) ++counts_.marks[static_cast<size_t>(c)];
  }

  // -1 after the end.
  int Byte(size_t i) const { return i < end_ ? static_cast<unsigned char>(text_[i]) : -1; }

  uint32_t LoneCharacter(size_t i) const {
    const int a = Byte(i), b = Byte(i + 1), c = Byte(i + 2);
    if (a < 0 || b < 0 || c < 0 || (a & 0xF0) != 0xE0 || (b & 0xC0) != 0x80 || (c & 0xC0) != 0x80) return 0;
    const auto point = static_cast<uint32_t>((a & 0x0F) << 12 | (b & 0x3F) << 6 | (c & 0x3F));
    const bool lone = (point >= 0x2000 && point < 0x2070) || (point >= 0x3000 && point < 0xA000) ||
                      (point >= 0xFF00 && point < 0xFFF0);
    return lone ? point : 0;
  }

  void Token(uint64_t hash) {
    buckets.push_back(static_cast<uint16_t>(hash >> 48));
    if (has_previous_) {
      buckets.push_back(static_cast<uint16_t>((((std::rotl(previous_, 23) * kGolden) ^ hash) * kGolden) >> 48));
    }
    previous_ = hash;
    has_previous_ = true;
  }
  void Code(uint64_t code) { Token(Mix(salt_ + kGolden * (code + 1))); }

  void Next() {
    const int c = Byte(at_);
    if (IsBlank(c)) {
      ++at_;
    } else if (c == '\n') {
      Code('\n');
      ++at_;
      LineStart();
    } else if (IsDigit(c)) {
      Number();
    } else if (IsLetter(c) || (c >= 0x80 && LoneCharacter(at_) == 0)) {
      Word();
    } else if (c >= 0x80) {
      Code(LoneCharacter(at_));
      at_ += 3;
    } else {
      Mark();
    }
  }

  void Word() {
    std::string raw, word;
    while (at_ < end_) {
      const int c = Byte(at_);
      const size_t apostrophe = c == '\'' ? 1 : LoneCharacter(at_) == kCurlyApostrophe ? 3 : 0;
      if (IsLetter(c) || (c >= 0x80 && LoneCharacter(at_) == 0)) {
        raw += static_cast<char>(c);
        ++at_;
      } else if (apostrophe > 0 && IsLetter(Byte(at_ + apostrophe))) {
        raw += '\'';
        at_ += apostrophe;
      } else {
        break;
      }
    }
    const auto capitals = std::count_if(raw.begin(), raw.end(), [](char c) { return IsUpper(c); });
    for (const char c : raw.substr(0, 64)) word += IsUpper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
    ShortWord packed;
    for (size_t i = 0; i < word.size() && word.size() <= 16; ++i) {
      (i < 8 ? packed.low : packed.high) |= uint64_t{static_cast<unsigned char>(word[i])} << (8 * (i % 8));
    }
    Token(word.size() <= 16 ? Mix(Mix(packed.low ^ salt_) + packed.high + kGolden * word.size())
                            : Hash64(word, salt_));
    CountWord(word, packed, IsUpper(raw[0]), static_cast<size_t>(capitals) == word.size());
  }

  void CountWord(const std::string& word, const ShortWord& packed, bool capital, bool all_capitals) {
    for (const WordClass word_class : ClassesIn(ListsOf(packed))) {
      ++counts_.classes[word_class];
      if (counts_.words == 0 && word_class == kCommand) counts_.starts_with_command = true;
    }
    if (word.ends_with("n't")) ++counts_.classes[kNegation];
    ++counts_.words;
    counts_.word_bytes += static_cast<uint32_t>(word.size());
    if (word.size() <= 3) ++counts_.short_words;
    if (word.size() >= 8) ++counts_.long_words;
    if (word.size() >= 12) ++counts_.very_long_words;
    if (capital) ++counts_.capital_words;
    if (word.size() >= 2 && all_capitals) ++counts_.capitals_words;
    if (word == "www" || (word.size() <= 16 && word.starts_with("http"))) ++counts_.links;
  }

  void Number() {
    uint64_t digits = 0;
    for (; IsDigit(Byte(at_)); ++at_) ++digits;
    Code(kNumberCode + std::min<uint64_t>(digits, 5));
    ++counts_.numbers;
    if (digits >= 3) ++counts_.long_numbers;
  }

  void Mark() {
    const int c = Byte(at_), next = Byte(at_ + 1);
    Code(static_cast<uint64_t>(c));
    const bool ends = next < 0 || next == '\n' || IsBlank(next);
    if (ends && (c == '.' || c == '!' || c == '?')) ++counts_.sentences;
    const bool named = (next >= 'A' && next <= 'J') || (next >= '1' && next <= '9');
    if (c == '(' && named && Byte(at_ + 2) == ')' && Byte(at_ + 3) >= 0) Option(at_, at_ + 3);
    ++at_;
  }

  void Option(size_t at, size_t content) {
    if (counts_.options++ == 0) counts_.first_option = at;
    counts_.last_option = at;
    while (Byte(content) == ' ') ++content;
    if (IsDigit(Byte(content)) || Byte(content) == '-' || Byte(content) == '$') ++counts_.number_options;
  }

  void LineStart() {
    size_t i = at_;
    while (Byte(i) == ' ' || Byte(i) == '\t') ++i;
    const int a = Byte(i), b = Byte(i + 1), c = Byte(i + 2);
    if (c < 0) return;
    const bool numbered = IsDigit(a) && (b == '.' || (IsDigit(b) && c == '.'));
    if (((a == '-' || a == '*') && b == ' ') || numbered || LoneCharacter(i) == kBullet) ++counts_.list_marks;
    const bool lettered = a >= 'A' && a <= 'J' && (b == '.' || b == ')') && c == ' ';
    if (lettered || (IsDigit(a) && b == ')')) Option(i, i + 2);
  }

  const std::string_view text_;
  size_t at_;
  const size_t end_;
  const uint64_t salt_;
  TextCounts& counts_;
  uint64_t previous_ = 0;
  bool has_previous_ = false;
};

}  // namespace

Sketch PlainSketch(std::string_view text, uint64_t salt) {
  constexpr size_t kEnd = 4096;
  TextCounts counts;
  counts.bytes = text.size();
  std::vector<uint16_t> buckets;
  const bool whole = text.size() <= 2 * kEnd;
  buckets = PlainScan(text, 0, whole ? text.size() : kEnd, salt, counts).buckets;
  if (!whole) {
    const PlainScan tail(text, text.size() - kEnd, text.size(), salt, counts);
    buckets.insert(buckets.end(), tail.buckets.begin(), tail.buckets.end());
  }
  counts.scanned = whole ? text.size() : 2 * kEnd;
  std::map<uint16_t, int> times;
  for (const uint16_t bucket : buckets) ++times[bucket];
  Sketch sketch;
  for (const auto& [bucket, count] : times) {
    sketch.counts.push_back({bucket, static_cast<uint8_t>(std::min(count, 255))});
  }
  const double distinct =
      buckets.empty() ? 0 : static_cast<double>(times.size()) / static_cast<double>(buckets.size());
  sketch.properties = StandardisedProperties(counts, distinct);
  return sketch;
}

}  // namespace suffice
