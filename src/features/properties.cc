#include "features/properties.h"

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

// In the order of the vector: the most telling first. The first eight are those that tell most beside a fitted
// projection, which takes some of them in; the rest are ordered by what they add to the ones before, on quality and answer
// length.
enum PropertyIndex {
  kDistinctShare,
  kStartsWithCommand,
  kThirdPersons,
  kQuotes,
  kLongWordShare,
  kLogNewlines,
  kDigitShare,
  kNumberOptionShare,
  kWritings,
  kHows,
  kNegations,
  kOptionCount,
  kExplains,
  kWhats,
  kFirstPersons,
  kBrevities,
  kLogBytes,
  kQuantities,
  kMathematicsWords,
  kCodeMarks,
  kComparisons,
  kVeryLongWordShare,
  kOptionLength,
  kFunctionWordShare,
  kCodeWords,
  kMathematicsMarks,
  kCommands,
  kSecondPersons,
  kLogics,
  kLogSentences,
  kBlanksListsLinks,
  kLogNumbers,
  kModals,
  kMeanWordLength,
  kParentheses,
  kWhiches,
  kWhoWhenWheres,
  kCapitalShare,
  kLogWords,
  kCapitalsWordShare,
  kSentenceLength,
  kQuestionMarks,
  kShortWordShare,
  kRareLetterShare,
  kWhys,
  kCapitalWordShare,
  kLogLongNumbers,
  kNonAsciiShare
};
static_assert(kNonAsciiShare + 1 == kPropertyCount);

// A property enters as (value - mean) / scale. The constants are rounded means and standard deviations over a mixture
// of exam questions, school mathematics, short utterances and chat prompts.
struct Property {
  std::string_view name;
  double mean;
  double scale;
};

// In the order of PropertyIndex.
constexpr std::array<Property, kPropertyCount> kProperties = {{
    {"distinct_share", 0.81, 0.16},
    {"starts_with_command", 0.13, 0.33},
    {"third_person", 0.51, 0.73},
    {"quotes", 0.29, 0.67},
    {"long_word_share", 0.13, 0.11},
    {"newlines", 0.79, 1.06},
    {"digit_share", 0.08, 0.1},
    {"number_option_share", 0.04, 0.18},
    {"writing_words", 0.11, 0.31},
    {"how", 0.21, 0.34},
    {"negations", 0.2, 0.47},
    {"option_count", 0.52, 0.75},
    {"explain_words", 0.15, 0.38},
    {"what", 0.12, 0.28},
    {"first_person", 0.28, 0.55},
    {"brevity_words", 0.34, 0.48},
    {"log_bytes", 5.21, 1.11},
    {"quantity_words", 0.6, 0.74},
    {"mathematics_words", 0.13, 0.38},
    {"code_marks", 0.29, 0.83},
    {"comparisons", 0.27, 0.51},
    {"very_long_word_share", 0.06, 0.11},
    {"option_length", 1.14, 1.71},
    {"function_word_share", 0.28, 0.11},
    {"code_words", 0.14, 0.47},
    {"mathematics_marks", 0.34, 0.76},
    {"commands", 0.57, 0.58},
    {"second_person", 0.13, 0.37},
    {"logic_words", 0.3, 0.52},
    {"sentences", 1.18, 0.88},
    {"blanks_lists_links", 0.03, 0.24},
    {"numbers", 0.8, 0.96},
    {"modal_words", 0.29, 0.5},
    {"mean_word_length", 4.44, 1.01},
    {"parentheses", 0.35, 0.74},
    {"which", 0.14, 0.3},
    {"who_when_where", 0.12, 0.32},
    {"capital_share", 0.13, 0.1},
    {"log_words", 3.47, 1.03},
    {"capitals_word_share", 0.02, 0.1},
    {"sentence_length", 2.54, 0.63},
    {"question_marks", 0.37, 0.38},
    {"short_word_share", 0.42, 0.13},
    {"rare_letter_share", 0.1, 0.12},
    {"why", 0.08, 0.28},
    {"capital_word_share", 0.31, 0.21},
    {"long_numbers", 0.19, 0.5},
    {"non_ascii_share", 0.04, 0.15},
}};

constexpr std::array<std::string_view, kPropertyCount> kNames = [] {
  std::array<std::string_view, kPropertyCount> names;
  for (int i = 0; i < kPropertyCount; ++i) names[i] = kProperties[i].name;
  return names;
}();

double Log1p(double value) { return std::log1p(value); }

// Most counts are small.
double Log1p(uint32_t count) {
  static const std::array<double, 256> table = [] {
    std::array<double, 256> logs;
    for (size_t i = 0; i < logs.size(); ++i) logs[i] = std::log1p(static_cast<double>(i));
    return logs;
  }();
  return count < table.size() ? table[count] : std::log1p(static_cast<double>(count));
}

// The nearest whole number, halves away from zero, as std::lround. (0.5 itself would round what is just below it up.)
int Round(double value) {
  constexpr double kBelowHalf = 0.49999999999999994;
  return static_cast<int>(value + std::copysign(kBelowHalf, value));
}

double Share(double part, double whole) { return whole > 0 ? part / whole : 0; }

uint32_t MarksOf(const TextCounts& counts, std::string_view marks) {
  uint32_t total = 0;
  for (const char mark : marks) total += counts.marks[static_cast<unsigned char>(mark)];
  return total;
}

using Values = std::array<double, kPropertyCount>;

void Shape(const TextCounts& counts, double distinct_share, Values& v) {
  v[kLogBytes] = Log1p(static_cast<double>(counts.bytes));
  v[kLogWords] = Log1p(counts.words);
  v[kLogNewlines] = Log1p(counts.marks['\n']);
  v[kLogSentences] = Log1p(counts.sentences);
  v[kSentenceLength] = Log1p(Share(counts.words, std::max(1U, counts.sentences)));
  v[kDistinctShare] = distinct_share;
  v[kOptionCount] = Log1p(counts.options);
  const auto options_bytes = static_cast<double>(counts.last_option - counts.first_option);
  v[kOptionLength] = counts.options < 2 ? 0 : Log1p(options_bytes / (counts.options - 1));
  v[kNumberOptionShare] = Share(counts.number_options, counts.options);
}

void Words(const TextCounts& counts, Values& v) {
  const double words = counts.words;
  v[kMeanWordLength] = Share(counts.word_bytes, words);
  v[kShortWordShare] = Share(counts.short_words, words);
  v[kLongWordShare] = Share(counts.long_words, words);
  v[kVeryLongWordShare] = std::sqrt(Share(counts.very_long_words, words));
  v[kCapitalWordShare] = std::sqrt(Share(counts.capital_words, words));
  v[kCapitalsWordShare] = std::sqrt(Share(counts.capitals_words, words));
  v[kFunctionWordShare] = Share(counts.classes[kFunction], words);
  v[kStartsWithCommand] = counts.starts_with_command ? 1 : 0;
  constexpr std::pair<PropertyIndex, WordClass> kCounted[] = {{kNegations, kNegation},
                                                              {kFirstPersons, kFirstPerson},
                                                              {kSecondPersons, kSecondPerson},
                                                              {kThirdPersons, kThirdPerson},
                                                              {kWhats, kWhat},
                                                              {kWhiches, kWhich},
                                                              {kHows, kHow},
                                                              {kWhys, kWhy},
                                                              {kWhoWhenWheres, kWhoWhenWhere},
                                                              {kQuantities, kQuantity},
                                                              {kComparisons, kComparison},
                                                              {kLogics, kLogic},
                                                              {kCommands, kCommand},
                                                              {kCodeWords, kCode},
                                                              {kMathematicsWords, kMathematics},
                                                              {kExplains, kExplain},
                                                              {kBrevities, kBrevity},
                                                              {kWritings, kWriting},
                                                              {kModals, kModal}};
  for (const auto& [property, word_class] : kCounted) v[property] = Log1p(counts.classes[word_class]);
}

void Marks(const TextCounts& counts, Values& v) {
  const double bytes = static_cast<double>(counts.scanned);
  v[kCapitalShare] = std::sqrt(Share(counts.capitals, bytes));
  v[kDigitShare] = std::sqrt(Share(counts.digits, bytes));
  v[kNonAsciiShare] = std::sqrt(Share(counts.not_ascii, bytes));
  v[kRareLetterShare] = std::sqrt(Share(counts.rare_letters, bytes));
  v[kLogNumbers] = Log1p(counts.numbers);
  v[kLogLongNumbers] = Log1p(counts.long_numbers);
  v[kCodeMarks] = Log1p(MarksOf(counts, "{}[];=_`<>#&|@~"));
  v[kMathematicsMarks] = Log1p(MarksOf(counts, "+*/^=%$\\<>"));
  v[kQuestionMarks] = Log1p(counts.marks['?']);
  v[kQuotes] = Log1p(MarksOf(counts, "\"'"));
  v[kParentheses] = Log1p(counts.marks['(']);
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
    const double value = (values[i] - kProperties[i].mean) / kProperties[i].scale;
    const double clipped = std::clamp<double>(value, -kPropertyLimit, kPropertyLimit);
    standardised[i] = static_cast<float>(Round(clipped * kPropertySteps)) / kPropertySteps;
  }
  return standardised;
}

std::span<const std::string_view> PropertyNames() { return kNames; }

}  // namespace suffice
