// Prompts of our own writing over sixteen kinds of work, for example traffic: something to run on where no recorded
// traffic is at hand.
// Thread contract: immutable data.
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace suffice {

// small, medium, large; see ExampleTiers.
inline constexpr int kExampleTierCount = 3;

struct ExamplePrompt {
  double difficulty;  // in [0, 1]
  std::string_view text;
};

struct PromptKind {
  std::string_view name;
  // Difficulty at which a tier is half way between its best and its worst.
  std::array<double, kExampleTierCount> ability;
  double output_tokens;  // of a medium answer of middling difficulty
  bool has_document;     // a made-up document goes before the question
  std::vector<ExamplePrompt> prompts;
};

const std::vector<PromptKind>& ExamplePromptKinds();

// Sentences of the made-up documents.
const std::vector<std::string_view>& ExampleDocumentSentences();

}  // namespace suffice
