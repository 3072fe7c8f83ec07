#include "provider/local_judge.h"

namespace suffice {

absl::StatusOr<int64_t> LocalJudge::Run(std::span<const JudgeTask> tasks, ChatClient::Spending&, const Done& done) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    const bool lacks_reference = NeedsReference() && tasks[i].reference.empty();
    const JudgeVerdict verdict = lacks_reference ? NoScore("the prompt has no reference answer") : Score(tasks[i]);
    if (!done(i, verdict)) break;
  }
  return 0;
}

}  // namespace suffice
