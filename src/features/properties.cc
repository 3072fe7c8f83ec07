#include "features/properties.h"

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

// In the order of the vector: the most telling first.
enum Property {
  kLogBytes, kLogWords, kLogNewlines, kLogSentences, kSentenceLength, kMeanWordLength, kShortWordShare, kLongWordShare,
  kVeryLongWordShare, kRareWordShare, kDistinctShare, kCapitalShare, kCapitalWordShare, kCapitalsWordShare, kDigitShare, kLogNumbers,
  kLogLongNumbers, kNonAsciiShare, kOptionCount, kOptionLength, kNumberOptionShare, kNegations, kFirstPersons, kSecondPersons,
  kThirdPersons, kWhats, kWhiches, kHows, kWhys, kWhoWhenWheres, kQuantities, kComparisons, kLogics, kStartsWithCommand, kCommands,
  kCodeWords, kCodeMarks, kMathematicsWords, kMathematicsMarks, kExplains, kBrevities, kWritings, kModals, kFunctionWordShare,
  kQuestionMarks, kQuotes, kParentheses, kBlanksListsLinks
};
static_assert(kBlanksListsLinks + 1 == kPropertyCount);

constexpr std::array<std::string_view, kPropertyCount> kNames = {
    "log_bytes", "log_words", "newlines", "sentences", "sentence_length", "mean_word_length", "short_word_share", "long_word_share",
    "very_long_word_share", "rare_word_share", "distinct_share", "capital_share", "capital_word_share", "capitals_word_share",
    "digit_share", "numbers", "long_numbers", "non_ascii_share", "option_count", "option_length", "number_option_share", "negations",
    "first_person", "second_person", "third_person", "what", "which", "how", "why", "who_when_where", "quantity_words", "comparisons",
    "logic_words", "starts_with_command", "commands", "code_words", "code_marks", "mathematics_words", "mathematics_marks",
    "explain_words", "brevity_words", "writing_words", "modal_words", "function_word_share", "question_marks", "quotes",
    "parentheses", "blanks_lists_links"};

struct Scale { double mean, scale; };
constexpr std::array<Scale, kPropertyCount> kScales = [] {
  std::array<Scale, kPropertyCount> s{};
  for (auto& x : s) x = {0, 1};
  return s;
}();

double Log1p(double count) { return std::log1p(count); }
double Share(double part, double whole) { return whole > 0 ? part / whole : 0; }

uint32_t BytesOf(const TextCounts& counts, std::string_view bytes) {
  uint32_t total = 0;
  for (const char c : bytes) total += counts.byte_counts[static_cast<unsigned char>(c)];
  return total;
}

uint32_t BytesBetween(const TextCounts& counts, int first, int last) {
  uint32_t total = 0;
  for (int c = first; c <= last; ++c) total += counts.byte_counts[static_cast<size_t>(c)];
  return total;
}

using Values = std::array<double, kPropertyCount>;

void Shape(const TextCounts& counts, double distinct_share, Values& v) {
  v[kLogBytes] = Log1p(static_cast<double>(counts.bytes));
  v[kLogWords] = Log1p(counts.words);
  v[kLogNewlines] = Log1p(counts.byte_counts['\n']);
  v[kLogSentences] = Log1p(counts.sentences);
  v[kSentenceLength] = Log1p(Share(counts.words, std::max(1U, counts.sentences)));
  v[kDistinctShare] = distinct_share;
  v[kOptionCount] = Log1p(counts.options);
  v[kOptionLength] = counts.options < 2 ? 0 : Log1p(Share(static_cast<double>(counts.last_option - counts.first_option), counts.options - 1));
  v[kNumberOptionShare] = Share(counts.number_options, counts.options);
}

void Words(const TextCounts& counts, Values& v) {
  const double words = counts.words;
  v[kMeanWordLength] = Share(counts.word_bytes, words);
  v[kShortWordShare] = Share(counts.short_words, words);
  v[kLongWordShare] = Share(counts.long_words, words);
  v[kVeryLongWordShare] = std::sqrt(Share(counts.very_long_words, words));
  v[kRareWordShare] = std::sqrt(Share(counts.rare_words, words));
  v[kCapitalWordShare] = std::sqrt(Share(counts.capital_words, words));
  v[kCapitalsWordShare] = std::sqrt(Share(counts.capitals_words, words));
  v[kFunctionWordShare] = Share(counts.classes[kFunction], words);
  v[kStartsWithCommand] = (counts.first_word_classes >> kCommand) & 1;
  constexpr std::pair<Property, WordClass> kCounted[] = {
      {kNegations, kNegation}, {kFirstPersons, kFirstPerson}, {kSecondPersons, kSecondPerson}, {kThirdPersons, kThirdPerson},
      {kWhats, kWhat}, {kWhiches, kWhich}, {kHows, kHow}, {kWhys, kWhy}, {kWhoWhenWheres, kWhoWhenWhere},
      {kQuantities, kQuantity}, {kComparisons, kComparison}, {kLogics, kLogic}, {kCommands, kCommand}, {kCodeWords, kCode},
      {kMathematicsWords, kMathematics}, {kExplains, kExplain}, {kBrevities, kBrevity}, {kWritings, kWriting}, {kModals, kModal}};
  for (const auto& [property, word_class] : kCounted) v[property] = Log1p(counts.classes[word_class]);
}

void Marks(const TextCounts& counts, Values& v) {
  const double bytes = static_cast<double>(counts.scanned);
  v[kCapitalShare] = std::sqrt(Share(BytesBetween(counts, 'A', 'Z'), bytes));
  v[kDigitShare] = std::sqrt(Share(BytesBetween(counts, '0', '9'), bytes));
  v[kNonAsciiShare] = std::sqrt(Share(BytesBetween(counts, 0x80, 0xFF), bytes));
  v[kLogNumbers] = Log1p(counts.numbers);
  v[kLogLongNumbers] = Log1p(counts.long_numbers);
  v[kCodeMarks] = Log1p(BytesOf(counts, "{}[];=_`<>#&|@~"));
  v[kMathematicsMarks] = Log1p(BytesOf(counts, "+*/^=%$\\<>"));
  v[kQuestionMarks] = Log1p(counts.byte_counts['?']);
  v[kQuotes] = Log1p(BytesOf(counts, "\"'"));
  v[kParentheses] = Log1p(counts.byte_counts['(']);
  v[kBlanksListsLinks] = Log1p(counts.list_marks + counts.links);
}

}  // namespace

std::array<float, kPropertyCount> StandardisedProperties(const TextCounts& counts, double distinct_share) {
  Values values{};
  Shape(counts, distinct_share, values);
  Words(counts, values);
  Marks(counts, values);
  std::array<float, kPropertyCount> standardised;
  for (int i = 0; i < kPropertyCount; ++i) {
    const double value = std::clamp<double>((values[i] - kScales[i].mean) / kScales[i].scale, -kPropertyLimit, kPropertyLimit);
    standardised[i] = static_cast<float>(std::lround(value * kPropertySteps)) / kPropertySteps;
  }
  return standardised;
}

std::span<const std::string_view> PropertyNames() { return kNames; }

}  // namespace suffice
