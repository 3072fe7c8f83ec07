// What somebody who wants another tier puts around a prompt.
// Thread contract: pure functions over constant data.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/random_stream.h"
#include "evaluation/traffic.h"

namespace suffice {

// The prompt stands between the two.
struct PromptTemplate {
  std::string_view before, after;
};

// Roles, promises, urgency, feigned difficulty and feigned ease, as people write them.
std::span<const PromptTemplate> AttackTemplates();

// Sixty ordinary English words.
std::span<const std::string_view> OrdinaryWords();

// What stands in prompts beside words: marks, numbers, a newline.
std::span<const std::string_view> AttackMarks();

// The lower-cased words of 2 to 16 ASCII letters that stand in at least two prompts, each once, in alphabetical order.
std::vector<std::string> VocabularyOf(const Traffic& traffic);

// `count` words, drawn uniformly and with repeats, with blanks between them. REQUIRES: there are words.
std::string RandomFiller(std::span<const std::string> words, int count, RandomStream& random);

}  // namespace suffice
