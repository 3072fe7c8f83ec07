// What the words of a text add up to. Internal to this room.
// Thread contract: a value type, confined to one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "features/scan.h"
#include "features/words.h"

namespace suffice {

inline constexpr size_t kMaxWordBytes = 64;  // what follows in a word is ignored

// Sizes and lists are counted by themselves, and summed up when all words are known.
struct WordTally {
  std::array<uint32_t, kMaxWordBytes + 1> by_size{};
  std::array<uint32_t, kListSets> by_lists{};
  uint32_t capital = 0, all_capitals = 0, http = 0, negations = 0;
  int first_lists = -1;  // ListSet of the first word

  void AddTo(TextCounts& counts) const {
    for (size_t size = 1; size < by_size.size(); ++size) {
      counts.words += by_size[size];
      counts.word_bytes += by_size[size] * static_cast<uint32_t>(size);
      counts.short_words += size <= 3 ? by_size[size] : 0;
      counts.long_words += size >= 8 ? by_size[size] : 0;
      counts.very_long_words += size >= 12 ? by_size[size] : 0;
    }
    for (size_t set = 0; set < by_lists.size(); ++set) {
      for (const WordClass word_class : ClassesIn(static_cast<ListSet>(set))) {
        counts.classes[word_class] += by_lists[set];
      }
    }
    counts.classes[kNegation] += negations;
    counts.capital_words = capital;
    counts.capitals_words = all_capitals;
    counts.links = http + counts.classes[kLink];
    if (first_lists >= 0) {
      const auto first = ClassesIn(static_cast<ListSet>(first_lists));
      counts.starts_with_command = std::find(first.begin(), first.end(), kCommand) != first.end();
    }
  }
};

}  // namespace suffice
