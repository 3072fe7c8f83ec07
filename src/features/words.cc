#include "features/words.h"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

namespace suffice {
namespace {

struct List {
  WordClass word_class;
  std::string_view words;  // separated by one blank
};

constexpr List kLists[] = {
    {kNegation, "not no never none nothing neither nor without cannot except unless incorrect false nobody nowhere least"},
    {kFirstPerson, "i me my mine myself we us our ours i'm i've i'd i'll we're we've"},
    {kSecondPerson, "you your yours yourself you're you've you'll"},
    {kThirdPerson, "he she they him her them his their theirs it its himself herself themselves"},
    {kWhat, "what what's"},
    {kWhich, "which"},
    {kHow, "how"},
    {kWhy, "why because reason reasons"},
    {kWhoWhenWhere, "who whom whose when where who's where's"},
    {kQuantity, "many much total each every all both half twice double per sum number amount several few percent average "
                "times dozen times another left remaining altogether cost costs price hours minutes days weeks years"},
    {kComparison, "more most less least best better worse worst than greater greatest fewer larger largest smaller smallest "
                  "higher highest lower lowest same different between compare likely"},
    {kLogic, "if then therefore thus hence implies either some any only must statement statements true valid premise "
             "premises argument conclusion conclude suppose assume deduce follows"},
    {kCommand, "write explain describe list give find calculate compute solve determine create make generate summarize "
               "translate identify choose select complete compare convert design develop discuss evaluate fix help implement "
               "improve name outline prove provide rewrite show sort suggest tell use edit classify analyze answer please "
               "act imagine consider read"},
    {kCode, "code python java javascript function functions class def return int string array import sql html css api json "
            "rust bash script program algorithm variable loop error server database null void const print regex tuple "
            "dictionary element elements compile"},
    {kMathematics, "equation integer integers triangle circle probability matrix polynomial derivative integral theorem "
                   "proof prime function angle radius vector graph group ring field modulo sqrt frac log sin cos divided "
                   "multiply equal equals value solution square cube area volume mean median variance"},
    {kExplain, "explain explanation reasoning reason why detail detailed details essay steps step thorough comprehensive "
               "analysis describe discuss elaborate compare justify"},
    {kBrevity, "brief briefly short concise only just single answer letter option summary summarize quick word"},
    {kWriting, "write story poem essay article email letter blog song script rewrite draft paragraph tone style character"},
    {kModal, "should could would may might can will shall ought would've need needs"},
    {kFunction, "the a an of in to and or for on at by with from as is are was were be been has have had do does did that "
                "this these those there but into over under it"},
};

constexpr size_t kSlots = 2048;

// The first 16 bytes of a word, as two numbers, and a slot for it.
struct Key {
  uint64_t low = 0;
  uint64_t high = 0;
  constexpr bool operator==(const Key&) const = default;
  constexpr size_t Slot() const {
    const uint64_t mixed = (low ^ std::rotl(high, 29)) * 0x9E3779B97F4A7C15ULL;
    return static_cast<size_t>(mixed >> 53);
  }
};

struct Entry {
  Key key;
  uint32_t classes = 0;
};

constexpr Key KeyOf(std::string_view word) {
  Key key;
  for (size_t i = 0; i < word.size(); ++i) {
    (i < 8 ? key.low : key.high) |= uint64_t{static_cast<unsigned char>(word[i])} << (8 * (i % 8));
  }
  return key;
}

// Open addressing with linear probing.
constexpr std::array<Entry, kSlots> BuildTable() {
  std::array<Entry, kSlots> table{};
  for (const List& list : kLists) {
    for (std::string_view rest = list.words; !rest.empty();) {
      const size_t blank = rest.find(' ');
      const Key key = KeyOf(rest.substr(0, blank));
      rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
      size_t slot = key.Slot();
      while (table[slot].classes != 0 && table[slot].key != key) slot = (slot + 1) % kSlots;
      table[slot].key = key;
      table[slot].classes |= 1U << list.word_class;
    }
  }
  return table;
}

constexpr std::array<Entry, kSlots> kTable = BuildTable();

}  // namespace

static_assert(std::endian::native == std::endian::little, "words are packed as little-endian numbers");

uint32_t ClassesOf(const char* word, size_t size) {
  if (size > kLongestListedWord) return 0;
  Key key;
  std::memcpy(&key.low, word, 8);
  std::memcpy(&key.high, word + 8, 8);
  uint32_t classes = 0;
  for (size_t slot = key.Slot(); kTable[slot].classes != 0; slot = (slot + 1) % kSlots) {
    if (kTable[slot].key == key) {
      classes = kTable[slot].classes;
      break;
    }
  }
  const bool contracted_not = size >= 3 && std::memcmp(word + size - 3, "n't", 3) == 0;
  return contracted_not ? classes | 1U << kNegation : classes;
}

}  // namespace suffice
