// Plays the judge: knows the answers in a judging prompt by their tokens and gives the verdict that their recorded
// quality deserves, with a noise and a bias that are told on the command line.
// Thread contract: pure functions of the book.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "answer_book.h"

namespace suffice::fake {

struct RefereeOptions {
  std::string model = "judge";         // requests for it are judged, not answered
  double noise = 0;                    // standard deviation, in units of quality; drawn once for each answer
  std::map<std::string, double> bias;  // by model, added to its quality
  double first_bonus = 0;              // pairwise: added to the answer that stands first
  double tie = 0.02;                   // pairwise: a smaller difference is a tie
  uint64_t seed = 1;
};

// The JSON that the project's llm judge asks for: {"score": 0..10, "reason"} for one answer, {"winner": "A", "B" or
// "tie", "reason"} for two. A prompt without a known token gets text that is no verdict.
std::string Verdict(const std::string& judging_prompt, const AnswerBook& book, const RefereeOptions& options);

}  // namespace suffice::fake
