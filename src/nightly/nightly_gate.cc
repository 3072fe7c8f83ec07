// The step that judges the candidate.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "learner/release.h"
#include "log/release_store.h"
#include "nightly/evaluations.h"
#include "nightly/gate_step.h"
#include "nightly/nightly_job.h"
#include "nightly/nightly_page.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

Json BiasJson(const Evaluations& evaluations) {
  Json json = Json::object();
  for (const auto& [tier, bias] : evaluations.bias) {
    json[tier] = {{"labels", bias.labels},
                  {"bias", bias.bias},
                  {"standard_error", bias.standard_error},
                  {"correlation", bias.correlation},
                  {"mean_absolute_difference", bias.mean_absolute_difference},
                  {"corrected", bias.IsKnown()}};
  }
  return json;
}

Json FailuresJson(const Evaluations& evaluations) {
  Json json = Json::object();
  for (const auto& [tier, failures] : evaluations.failures) {
    json[tier] = {{"errors", failures.errors},
                  {"refusals", failures.refusals},
                  {"wrong_model", failures.wrong_model},
                  {"unscored", failures.unscored}};
  }
  return json;
}

// Nothing in it depends on when or how often the run was started.
std::string VerdictJson(const NightlyRun& run, const GateOutcome& outcome, const Evaluations& evaluations,
                        const NightlyResult& result, const NightlyConfig& nightly) {
  Json json = {{"run", run.number}, {"verdict", ToString(outcome.verdict.verdict)}, {"reason", outcome.verdict.reason}};
  json["more_audits"] = outcome.verdict.more_audits;
  json["more_samples"] =
      static_cast<int64_t>(std::ceil(static_cast<double>(outcome.verdict.more_audits) / nightly.holdout));
  json["sampled"] = run.summary;
  json["samples"] = evaluations.samples.size();
  json["evaluations"] = outcome.evaluations;
  json["decisions"] = outcome.decisions;
  json["failures"] = FailuresJson(evaluations);
  json["judge_bias"] = BiasJson(evaluations);
  json["notes"] = outcome.notes;
  json["gate"] = Json::parse(GateJson(outcome.input, outcome.verdict), nullptr, false);
  json["refit"] = Json::parse(result.refit_report, nullptr, false);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<std::shared_ptr<const Release>> CandidateOf(const NightlyResult& result, const Config& config) {
  SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr features, LoadFeatureSet(result.feature_bytes, config.features));
  ReleaseRecord record{.feature_version = result.feature_version, .fit = result.fit};
  SUFFICE_ASSIGN_OR_RETURN(Release release, DecodeRelease(record, std::move(features)));
  return std::make_shared<const Release>(std::move(release));
}

// Into the log, with the verdict: a release that was kept back can still be promoted by hand.
absl::StatusOr<int64_t> SaveRelease(EventLog& log, const std::string& db, const NightlyRun& run, int64_t now_us,
                                    const GateOutcome& outcome, const NightlyResult& result) {
  ReleaseRecord record{.time_us = now_us,
                       .kind = "nightly",
                       .feature_version = result.feature_version,
                       .fit = result.fit,
                       .note = fmt::format("nightly run {}: {}", run.number, ToString(outcome.verdict.verdict)),
                       .report = result.verdict};
  SUFFICE_ASSIGN_OR_RETURN(record.parent, ReleaseInForce(log));
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<ReleaseStore> store, ReleaseStore::Open(db));
  return store->Save(std::move(record), result.feature_bytes);
}

std::string Words(const GateOutcome& outcome, const NightlyConfig& nightly) {
  const GateVerdict& verdict = outcome.verdict;
  std::string behind = fmt::format("{} held-out evaluations", outcome.evaluations);
  if (outcome.decisions > 0) behind += fmt::format(" and {} held-out decisions", outcome.decisions);
  switch (verdict.verdict) {
    case Verdict::kPromote:
      return fmt::format("promote: {} ({})", verdict.reason, behind);
    case Verdict::kKeep:
      return fmt::format("keep what serves: {} ({})", verdict.reason, behind);
    case Verdict::kNotEnoughEvidence:
      break;
  }
  std::string words = fmt::format("not enough evidence: {} ({})", verdict.reason, behind);
  if (verdict.more_audits > 0) {
    words += fmt::format(". Of the sample a share of {:.2g} is held out: raise nightly.sample by {:.0f}",
                         nightly.holdout, std::ceil(static_cast<double>(verdict.more_audits) / nightly.holdout));
  }
  return words;
}

}  // namespace

absl::StatusOr<std::string> NightlyJob::Gate() {
  SUFFICE_RETURN_IF_ERROR(Require(NightlyStep::kRefit));
  SUFFICE_ASSIGN_OR_RETURN(NightlyResult result, file_->LoadResult(run_.number));
  SUFFICE_ASSIGN_OR_RETURN(const std::shared_ptr<const Release> candidate, CandidateOf(result, config_));
  SUFFICE_ASSIGN_OR_RETURN(const Evaluations evaluations, ReadEvaluations(*file_, run_, config_, log_.get()));
  SUFFICE_ASSIGN_OR_RETURN(
      const GateEvidence evidence,
      GatherEvidence(*log_, {.run = &run_,
                             .config = &config_,
                             .release = candidate,
                             .evaluations = &evaluations,
                             .progress = [this](double fraction) { Show(NightlyStep::kGate, fraction); }}));
  SUFFICE_ASSIGN_OR_RETURN(const GateOutcome outcome, JudgeCandidate(evidence, config_));
  result.verdict = VerdictJson(run_, outcome, evaluations, result, config_.nightly);
  result.page = RenderNightlyPage({.run = &run_,
                                   .config = &config_,
                                   .evaluations = &evaluations,
                                   .evidence = &evidence,
                                   .outcome = &outcome,
                                   .log = log_.get(),
                                   .summary = Words(outcome, config_.nightly)});
  SUFFICE_ASSIGN_OR_RETURN(result.release, SaveRelease(*log_, options_.db, run_, options_.now_us, outcome, result));
  SUFFICE_RETURN_IF_ERROR(file_->SaveResult(run_.number, result));
  if (run_.done < NightlyStep::kGate) SUFFICE_RETURN_IF_ERROR(Finish(NightlyStep::kGate));
  return Words(outcome, config_.nightly);
}

}  // namespace suffice
