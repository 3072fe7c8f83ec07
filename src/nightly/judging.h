// Has every answer scored by every judge.
// Thread contract: confined to one thread; blocks on judges and the disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nightly/tier_answers.h"
#include "nightly/work_file.h"
#include "provider/judge.h"
#include "suffice/config.h"

namespace suffice {

struct JudgingOptions {
  bool retry_failed = false;             // also what a judge could not score before
  std::function<void(double)> progress;  // may be empty; a fraction in [0, 1]
};

// Every ok answer by every judge, in the judges' order. A score of the same judge and version is not asked for again.
// Where a judge needs a reference or another tier's answer and there is none, nothing is asked; in comparison with
// itself a tier scores 0.5. Each score is committed as it comes.
// FAILED_PRECONDITION: no judges. RESOURCE_EXHAUSTED: nightly.judge_budget_usd does not cover the rest. UNAVAILABLE: a
// judge gave no score for more than half of what it was asked.
absl::StatusOr<PaidStep> JudgeAnswers(WorkFile& file, const NightlyRun& run, const Config& config,
                                      std::vector<std::unique_ptr<Judge>>& judges, const JudgingOptions& options);

// Of each sample and tier, the mean score over the judges of the configuration (at its versions) that gave one,
// weighted by JudgeConfig::weight.
using MeanScores = std::map<std::pair<int64_t, std::string>, double>;
absl::StatusOr<MeanScores> ReadMeanScores(WorkFile& file, int64_t run, const std::vector<JudgeConfig>& judges);

}  // namespace suffice
