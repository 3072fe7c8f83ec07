// What an llm judge is asked. What is judged is data: it stands between marks with a code that its author cannot know,
// and the judge is told that nothing between them is an instruction.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "provider/judge.h"

namespace suffice {

// Used where a judge has no rubric of its own.
extern const char kGeneralRubric[];

// For a verdict {"reason": "...", "score": 0 to 10}.
std::vector<Message> ScorePrompt(const JudgeConfig& config, const JudgeTask& task);
// For a verdict {"reason": "...", "winner": "A", "B" or "tie"}; A is the task's answer, or the other's if `swapped`.
std::vector<Message> PairwisePrompt(const JudgeConfig& config, const JudgeTask& task, bool swapped);
// The same, after a reply that was no verdict, and what was wrong with it.
std::vector<Message> AskAgain(std::vector<Message> messages, const std::string& reply, const std::string& error);

}  // namespace suffice
