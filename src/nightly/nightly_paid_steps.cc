// The steps that ask providers and judges. Apart from the gate, whose verdicts are another thing than judges' verdicts.
#include <fmt/format.h>

#include "base/status_macros.h"
#include "nightly/judging.h"
#include "nightly/nightly_job.h"
#include "nightly/tier_answers.h"

namespace suffice {
namespace {

std::string Words(const char* what, const PaidStep& step) {
  std::string words = fmt::format("{} {}", step.asked, what);
  if (step.kept > 0) words += fmt::format(" ({} were there already)", step.kept);
  if (step.failed > 0) words += fmt::format(", {} failed and are left out", step.failed);
  return words + fmt::format("; ${:.4f} spent by this run", step.spent_usd);
}

}  // namespace

absl::StatusOr<std::string> NightlyJob::AskTiers() {
  SUFFICE_RETURN_IF_ERROR(Require(NightlyStep::kSample));
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<ChatClient> client, ChatClient::Create(config_.providers));
  SUFFICE_ASSIGN_OR_RETURN(const PaidStep step,
                           suffice::RunTiers(*file_, run_, config_, *client,
                                             {.retry_failed = retry_failed_, .progress = [this](double fraction) {
                                                Show(NightlyStep::kRunTiers, fraction);
                                              }}));
  // New answers make what was concluded from the old ones out of date.
  if (step.asked > 0 || run_.done < NightlyStep::kRunTiers) SUFFICE_RETURN_IF_ERROR(Finish(NightlyStep::kRunTiers));
  return Words("answers of tiers", step);
}

absl::StatusOr<std::string> NightlyJob::AskJudges() {
  SUFFICE_RETURN_IF_ERROR(Require(NightlyStep::kRunTiers));
  std::unique_ptr<ChatClient> client;
  if (!config_.providers.empty()) {
    SUFFICE_ASSIGN_OR_RETURN(client, ChatClient::Create(config_.providers));
  }
  std::vector<std::unique_ptr<Judge>> judges;
  for (const JudgeConfig& judge : config_.judges) {
    SUFFICE_ASSIGN_OR_RETURN(judges.emplace_back(), MakeJudge(judge, client.get()));
  }
  SUFFICE_ASSIGN_OR_RETURN(
      const PaidStep step,
      JudgeAnswers(*file_, run_, config_, judges, {.retry_failed = retry_failed_, .progress = [this](double fraction) {
                                                     Show(NightlyStep::kJudge, fraction);
                                                   }}));
  if (step.asked > 0 || run_.done < NightlyStep::kJudge) SUFFICE_RETURN_IF_ERROR(Finish(NightlyStep::kJudge));
  return Words("scores of judges", step);
}

}  // namespace suffice
