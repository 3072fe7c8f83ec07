// The kinds of judges; MakeJudge is what others call.
// Thread contract: as Judge.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "provider/local_judge.h"

namespace suffice {

std::unique_ptr<Judge> MakeExactMatchJudge(const JudgeConfig& config);
std::unique_ptr<Judge> MakeNumericJudge(const JudgeConfig& config);
// INVALID_ARGUMENT: the pattern is no regular expression.
absl::StatusOr<std::unique_ptr<Judge>> MakeRegexJudge(const JudgeConfig& config);
std::unique_ptr<Judge> MakeCommandJudge(const JudgeConfig& config);
// `client` outlives the judge.
std::unique_ptr<Judge> MakeLlmJudge(const JudgeConfig& config, ChatClient* client);

}  // namespace suffice
