#include "features/words.h"

#include <array>
#include <bit>
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
};

constexpr size_t kSlots = 2048;
constexpr WordClasses kNone = {kNoClass, kNoClass, kNoClass};

struct Entry {
  ShortWord word;
  WordClasses classes = kNone;  // kNone: the slot is free
};

constexpr size_t SlotOf(const ShortWord& word) {
  return static_cast<size_t>(((word.low ^ std::rotl(word.high, 29)) * 0x9E3779B97F4A7C15ULL) >> 53);
}

constexpr ShortWord Pack(std::string_view word) {
  ShortWord packed;
  for (size_t i = 0; i < word.size(); ++i) {
    (i < 8 ? packed.low : packed.high) |= uint64_t{static_cast<unsigned char>(word[i])} << (8 * (i % 8));
  }
  return packed;
}

// Fails to compile (index out of range) when a word is in more lists than an entry holds.
constexpr void Insert(std::array<Entry, kSlots>& table, const ShortWord& word, WordClass word_class) {
  size_t slot = SlotOf(word);
  while (table[slot].classes != kNone && table[slot].word != word) slot = (slot + 1) % kSlots;
  table[slot].word = word;
  size_t i = 0;
  while (table[slot].classes[i] != kNoClass) ++i;
  table[slot].classes[i] = word_class;
}

// Open addressing with linear probing.
constexpr std::array<Entry, kSlots> BuildTable() {
  std::array<Entry, kSlots> table{};
  for (const List& list : kLists) {
    for (std::string_view rest = list.words; !rest.empty();) {
      const size_t blank = rest.find(' ');
      Insert(table, Pack(rest.substr(0, blank)), list.word_class);
      rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
    }
  }
  return table;
}

constexpr std::array<Entry, kSlots> kTable = BuildTable();

}  // namespace

WordClasses ClassesOf(const ShortWord& word) {
  size_t slot = SlotOf(word);
  while (kTable[slot].word != word && kTable[slot].classes != kNone) slot = (slot + 1) % kSlots;
  return kTable[slot].word == word ? kTable[slot].classes : kNone;
}

}  // namespace suffice
