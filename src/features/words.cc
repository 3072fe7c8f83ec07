#include "features/words.h"

#include <array>
#include <optional>
#include <string_view>

namespace suffice {
namespace {

struct List {
  WordClass word_class;
  std::string_view words;  // separated by one blank
};

constexpr List kLists[] = {
    {kNegation,
     "not no never none nothing neither nor without cannot except unless incorrect false nobody nowhere least"},
    {kFirstPerson, "i me my mine myself we us our ours i'm i've i'd i'll we're we've"},
    {kSecondPerson, "you your yours yourself you're you've you'll"},
    {kThirdPerson, "he she they him her them his their theirs it its himself herself themselves"},
    {kWhat, "what what's"},
    {kWhich, "which"},
    {kHow, "how"},
    {kWhy, "why because reason reasons"},
    {kWhoWhenWhere, "who whom whose when where who's where's"},
    {kQuantity,
     "many much total each every all both half twice double per sum number amount several few percent average "
     "times dozen times another left remaining altogether cost costs price hours minutes days weeks years"},
    {kComparison,
     "more most less least best better worse worst than greater greatest fewer larger largest smaller smallest "
     "higher highest lower lowest same different between compare likely"},
    {kLogic,
     "if then therefore thus hence implies either some any only must statement statements true valid premise "
     "premises argument conclusion conclude suppose assume deduce follows"},
    {kCommand,
     "write explain describe list give find calculate compute solve determine create make generate summarize "
     "translate identify choose select complete compare convert design develop discuss evaluate fix help implement "
     "improve name outline prove provide rewrite show sort suggest tell use edit classify analyze answer please "
     "act imagine consider read"},
    {kCode,
     "code python java javascript function functions class def return int string array import sql html css api "
     "json rust bash script program algorithm variable loop error server database null void const print regex "
     "tuple dictionary element elements compile"},
    {kMathematics,
     "equation integer integers triangle circle probability matrix polynomial derivative integral theorem proof "
     "prime function angle radius vector graph group ring field modulo sqrt frac log sin cos divided multiply "
     "equal equals value solution square cube area volume mean median variance"},
    {kExplain,
     "explain explanation reasoning reason why detail detailed details essay steps step thorough comprehensive "
     "analysis describe discuss elaborate compare justify"},
    {kBrevity, "brief briefly short concise only just single answer letter option summary summarize quick word"},
    {kWriting,
     "write story poem essay article email letter blog song script rewrite draft paragraph tone style character"},
    {kModal, "should could would may might can will shall ought would've need needs"},
    {kFunction,
     "the a an of in to and or for on at by with from as is are was were be been has have had do does did that "
     "this these those there but into over under it"},
    {kLink, "www"},
};

constexpr ShortWord Pack(std::string_view word) {
  ShortWord packed;
  for (size_t i = 0; i < word.size(); ++i) {
    (i < 8 ? packed.low : packed.high) |= uint64_t{static_cast<unsigned char>(word[i])} << (8 * (i % 8));
  }
  return packed;
}

constexpr size_t kMaxWords = 512;
constexpr size_t kMaxLists = 3;  // that one word is in

struct Classes {
  std::array<WordClass, kMaxLists> classes{};
  size_t size = 0;
  constexpr bool operator==(const Classes&) const = default;
};

// The words of all lists, each once, and the distinct sets of lists. Fails to compile (index out of range) when there
// are more of either, or more lists to a word, than it holds.
struct Vocabulary {
  std::array<ShortWord, kMaxWords> words{};
  std::array<ListSet, kMaxWords> set_of_word{};
  size_t size = 0;
  std::array<Classes, kListSets> sets{};
  size_t set_count = 1;  // the first is empty

  constexpr size_t Find(const ShortWord& word) const {
    size_t i = 0;
    while (i < size && words[i] != word) ++i;
    return i;
  }
  constexpr ListSet NumberOf(const Classes& set) {
    size_t i = 0;
    while (i < set_count && sets[i] != set) ++i;
    if (i == set_count) sets[set_count++] = set;
    return static_cast<ListSet>(i);
  }
};

constexpr Vocabulary CollectWords() {
  Vocabulary vocabulary;
  std::array<Classes, kMaxWords> classes{};
  for (const List& list : kLists) {
    for (std::string_view rest = list.words; !rest.empty();) {
      const size_t blank = rest.find(' ');
      const ShortWord word = Pack(rest.substr(0, blank));
      const size_t at = vocabulary.Find(word);
      if (at == vocabulary.size) vocabulary.words[vocabulary.size++] = word;
      classes[at].classes[classes[at].size++] = list.word_class;
      rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
    }
  }
  for (size_t i = 0; i < vocabulary.size; ++i) vocabulary.set_of_word[i] = vocabulary.NumberOf(classes[i]);
  return vocabulary;
}

constexpr Vocabulary kVocabulary = CollectWords();

using Places = std::array<WordTable::Place, kMaxWords>;

// Puts the words of one group into the table; false when they fit nowhere.
constexpr bool Settle(WordTable& table, const Places& places, size_t group) {
  for (size_t shift = 0; shift < WordTable::kSlots; ++shift) {
    std::array<size_t, kMaxWords> settled{};
    size_t count = 0;
    bool fits = true;
    for (size_t i = 0; fits && i < kVocabulary.size; ++i) {
      if (places[i].group != group) continue;
      const size_t slot = (places[i].slot + shift) % WordTable::kSlots;
      fits = table.words[slot] == ShortWord();
      if (!fits) break;
      table.words[slot] = kVocabulary.words[i];
      table.sets[slot] = kVocabulary.set_of_word[i];
      settled[count++] = slot;
    }
    table.moved_by[group] = static_cast<uint16_t>(shift);
    if (fits) return true;
    for (size_t i = 0; i < count; ++i) table.words[settled[i]] = ShortWord(), table.sets[settled[i]] = kInNoList;
  }
  return false;
}

// Nothing where one group's words fit nowhere.
constexpr std::optional<WordTable> TryTable(uint64_t multiplier) {
  WordTable table;
  table.multiplier = multiplier;
  Places places{};
  std::array<size_t, WordTable::kGroups> sizes{};
  size_t largest = 0;
  for (size_t i = 0; i < kVocabulary.size; ++i) {
    places[i] = WordTable::PlaceOf(kVocabulary.words[i], multiplier);
    if (++sizes[places[i].group] > largest) largest = sizes[places[i].group];
  }
  for (size_t size = largest; size > 0; --size) {
    for (size_t group = 0; group < WordTable::kGroups; ++group) {
      if (sizes[group] == size && !Settle(table, places, group)) return std::nullopt;
    }
  }
  return table;
}

constexpr WordTable BuildTable() {
  std::optional<WordTable> table;
  for (uint64_t multiplier = 0x9E3779B97F4A7C15ULL; !table; multiplier += 2) table = TryTable(multiplier);
  return *table;
}

}  // namespace

constexpr WordTable kWordTable = BuildTable();

std::span<const WordClass> ClassesIn(ListSet set) {
  const Classes& classes = kVocabulary.sets[set];
  return {classes.classes.data(), classes.size};
}

}  // namespace suffice
