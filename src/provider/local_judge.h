// Judges that score one answer after the other, by themselves and for free.
// Thread contract: as Judge.
#pragma once

#include "provider/judge.h"

namespace suffice {

class LocalJudge : public Judge {
 public:
  explicit LocalJudge(const JudgeConfig& config) : config_(config) {}
  const JudgeConfig& config() const override { return config_; }
  bool NeedsReference() const override { return false; }
  absl::StatusOr<int64_t> Run(std::span<const JudgeTask> tasks, ChatClient::Spending& spending,
                              const Done& done) override;

 protected:
  virtual JudgeVerdict Score(const JudgeTask& task) = 0;

 private:
  const JudgeConfig config_;
};

// A verdict without a score.
inline JudgeVerdict NoScore(std::string error, double cost_usd = 0) {
  return {.score = std::nullopt, .error = std::move(error), .cost_usd = cost_usd};
}

}  // namespace suffice
