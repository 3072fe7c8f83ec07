#include "nightly/nightly_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/status_macros.h"
#include "learner/release.h"
#include "log/release_store.h"
#include "log/sqlite_log_for_reading.h"
#include "nightly/evaluations.h"
#include "nightly/sampling.h"
#include "refit/refit.h"

namespace suffice {
namespace {

// Without a run before it, or when little came since, a run is about the newest decisions: so many times the sample.
constexpr int64_t kWindowSamples = 10;

nlohmann::ordered_json TierJson(const RefitReport::Tier& tier) {
  return {{"tier", tier.tier},
          {"labels", tier.labels},
          {"effective_size", tier.effective_size},
          {"quality_offset", tier.calibration.quality_offset},
          {"quality_slope", tier.calibration.quality_slope},
          {"cost_scale", tier.calibration.cost_scale},
          {"calibration_error", tier.calibration_error},
          {"calibration_error_before", tier.calibration_error_before}};
}

std::string RefitJson(const RefitReport& report) {
  nlohmann::ordered_json json = {{"decisions", report.decisions}, {"evaluations", report.evaluations}};
  json["tiers"] = nlohmann::ordered_json::array();
  for (const RefitReport::Tier& tier : report.tiers) json["tiers"].push_back(TierJson(tier));
  json["notes"] = report.notes;
  return json.dump();
}

absl::Status NotYet(const NightlyRun& run, NightlyStep step) {
  return absl::FailedPreconditionError(fmt::format(
      "run {} has not done {} yet: do that first, or all of it with `suffice nightly`", run.number, ToString(step)));
}

// The seq of the promotion that made `release` serve; 0: it does not.
absl::StatusOr<int64_t> PromotionOf(ReleaseStore& store, int64_t release) {
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<PromotionRecord> promotions, store.Promotions());
  return !promotions.empty() && promotions.back().release == release ? promotions.back().seq : 0;
}

}  // namespace

bool IsSameJob(Config a, Config b) {
  for (Config* config : {&a, &b}) {
    config->providers.clear();
    config->serve = {};
    config->log = {};
    config->nightly.run_budget_usd = config->nightly.judge_budget_usd = 0;
    config->nightly.ramp = false;
    config->nightly.ramp_decisions = 1;
  }
  return a == b;
}

absl::StatusOr<std::unique_ptr<NightlyJob>> NightlyJob::Open(NightlyOptions options) {
  std::unique_ptr<NightlyJob> job(new NightlyJob(std::move(options)));
  job->work_path_ = job->options_.work.empty() ? job->options_.db + ".nightly" : job->options_.work;
  SUFFICE_ASSIGN_OR_RETURN(job->log_, OpenSqliteLogForReading(job->options_.db));
  SUFFICE_ASSIGN_OR_RETURN(job->file_, WorkFile::Open(job->work_path_));
  return job;
}

absl::Status NightlyJob::BeginRun() {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<NightlyRun> newest, file_->NewestRun());
  const int64_t number = newest ? newest->number + 1 : 1;
  SUFFICE_ASSIGN_OR_RETURN(const LogEnd end, ReadLogEnd(options_.db));
  NightlyRun run{.started_us = options_.now_us,
                 .seed = options_.seed,
                 .decision_seq = end.decision_seq,
                 .end = end.events,
                 .config_yaml = ConfigToYaml(config_),
                 .source = options_.prompts.empty() ? "log" : options_.prompts};
  if (run.seed == 0) run.seed = Hash64(fmt::format("nightly run {}", number), log_->salt());
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<NightlyRun> last, file_->LastFinishedBefore(number));
  run.after_seq = last ? last->decision_seq : 0;
  if (!last || end.decision_seq - run.after_seq < config_.nightly.sample) {
    run.after_seq = std::max<int64_t>(0, end.decision_seq - kWindowSamples * config_.nightly.sample);
  }
  SUFFICE_ASSIGN_OR_RETURN(const int64_t added, file_->AddRun(run));
  return Take(added);
}

absl::Status NightlyJob::Resume(bool anew) {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<NightlyRun> newest, file_->NewestRun());
  if (!newest || newest->abandoned || newest->done == kLastStep) return BeginRun();
  if (anew) {
    SUFFICE_RETURN_IF_ERROR(file_->Abandon(newest->number));
    return BeginRun();
  }
  SUFFICE_ASSIGN_OR_RETURN(const Config begun_with, ParseConfig(newest->config_yaml, work_path_));
  if (!IsSameJob(config_, begun_with)) {
    return absl::FailedPreconditionError(
        fmt::format("{}: run {} has not ended, and was begun with another configuration. Finish it with that one, or "
                    "give it up with --new",
                    work_path_, newest->number));
  }
  resumed_ = true;
  return Take(newest->number);
}

absl::Status NightlyJob::Take(int64_t number) {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<NightlyRun> found,
                           number == 0 ? file_->NewestRun() : file_->FindRun(number));
  if (!found) {
    return absl::NotFoundError(number == 0 ? fmt::format("{}: no run yet; `suffice sample` begins one", work_path_)
                                           : fmt::format("{}: no run {}", work_path_, number));
  }
  run_ = *found;
  return absl::OkStatus();
}

absl::Status NightlyJob::Require(NightlyStep step) const {
  return run_.done < step ? NotYet(run_, step) : absl::OkStatus();
}

absl::Status NightlyJob::Finish(NightlyStep step) {
  SUFFICE_RETURN_IF_ERROR(file_->MarkDone(run_.number, step));
  run_.done = step;
  return absl::OkStatus();
}

absl::StatusOr<std::string> NightlyJob::Do(NightlyStep step) {
  Show(step, 0);
  absl::StatusOr<std::string> words = Dispatch(step);
  Show(step, 1);
  return words;
}

absl::StatusOr<std::string> NightlyJob::Dispatch(NightlyStep step) {
  switch (step) {
    case NightlyStep::kNone:
      return "";
    case NightlyStep::kSample:
      return Sample();
    case NightlyStep::kRunTiers:
      return AskTiers();
    case NightlyStep::kJudge:
      return AskJudges();
    case NightlyStep::kRefit:
      return RefitRun();
    case NightlyStep::kGate:
      return Gate();
    case NightlyStep::kPromote:
      return Promote();
  }
  return "";
}

absl::StatusOr<std::string> NightlyJob::Sample() {
  if (run_.done >= NightlyStep::kSample) return fmt::format("run {} has its sample: {}", run_.number, run_.summary);
  const SampleOptions options{.sample = config_.nightly.sample,
                              .seed = run_.seed,
                              .after_seq = run_.after_seq,
                              .end_seq = run_.decision_seq,
                              .progress = [this](double fraction) { Show(NightlyStep::kSample, fraction); }};
  SUFFICE_ASSIGN_OR_RETURN(const DrawnSample drawn,
                           run_.source == "log"
                               ? SampleLog(*log_, options)
                               : SamplePromptFile(run_.source, config_.features, log_->salt(), options));
  SUFFICE_RETURN_IF_ERROR(file_->SaveSamples(run_.number, drawn.samples, drawn.summary));
  run_.done = NightlyStep::kSample;
  run_.summary = drawn.summary;
  return "drew " + drawn.summary;
}

absl::StatusOr<std::string> NightlyJob::RefitRun() {
  SUFFICE_RETURN_IF_ERROR(Require(NightlyStep::kJudge));
  SUFFICE_ASSIGN_OR_RETURN(const Evaluations evaluations, ReadEvaluations(*file_, run_, config_, log_.get()));
  SUFFICE_ASSIGN_OR_RETURN(const Refitted refitted,
                           Refit(*log_, config_, ForRefit(evaluations),
                                 {.end = run_.end,
                                  .decision_seq = run_.decision_seq,
                                  .holdout = config_.nightly.holdout,
                                  .holdout_seed = run_.seed,
                                  .effective_size = config_.nightly.effective_size,
                                  .progress = [this](double fraction) { Show(NightlyStep::kRefit, fraction); }}));
  if (refitted.release.features == nullptr) return absl::InternalError("the refit gave no features");
  NightlyResult result{.fit = EncodeFit(refitted.release),
                       .feature_version = refitted.release.features->version(),
                       .feature_bytes = refitted.release.features->Serialize(),
                       .refit_report = RefitJson(refitted.report)};
  SUFFICE_RETURN_IF_ERROR(file_->SaveResult(run_.number, result));
  SUFFICE_RETURN_IF_ERROR(Finish(NightlyStep::kRefit));
  return fmt::format("fitted a candidate on {} logged decisions and {} evaluations", refitted.report.decisions,
                     refitted.report.evaluations);
}

absl::StatusOr<std::string> NightlyJob::Promote() {
  SUFFICE_RETURN_IF_ERROR(Require(NightlyStep::kGate));
  SUFFICE_ASSIGN_OR_RETURN(NightlyResult result, file_->LoadResult(run_.number));
  const auto verdict = nlohmann::json::parse(result.verdict, nullptr, /*allow_exceptions=*/false);
  if (!verdict.is_object()) return absl::DataLossError(fmt::format("{}: the verdict is not JSON", work_path_));
  const std::string word = verdict.value("verdict", ""), reason = verdict.value("reason", "");
  if (word != "promote" || !promote_) {
    SUFFICE_RETURN_IF_ERROR(Finish(NightlyStep::kPromote));
    if (word == "promote") {
      return fmt::format("not promoted, as asked; `suffice promote --db {} --release {}` does it", options_.db,
                         result.release);
    }
    return "the serving policy stays as it is";
  }
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<ReleaseStore> store, ReleaseStore::Open(options_.db));
  SUFFICE_ASSIGN_OR_RETURN(result.promotion, PromotionOf(*store, result.release));
  if (result.promotion == 0) {
    PromotionRecord promotion{.time_us = options_.now_us,
                              .release = result.release,
                              .share = config_.nightly.ramp ? 0.01 : 1,
                              .reason = fmt::format("nightly run {}: {}", run_.number, reason)};
    if (promotion.share < 1) {
      SUFFICE_ASSIGN_OR_RETURN(promotion.base, store->InForce());
    }
    SUFFICE_ASSIGN_OR_RETURN(result.promotion, store->Promote(promotion));
  }
  SUFFICE_RETURN_IF_ERROR(file_->SaveResult(run_.number, result));
  SUFFICE_RETURN_IF_ERROR(Finish(NightlyStep::kPromote));
  return fmt::format("promoted release {}{}; `suffice rollback --db {}` takes it back", result.release,
                     config_.nightly.ramp ? " to 1% of the decisions, which the server ramps up" : "", options_.db);
}

absl::StatusOr<std::string> NightlyJob::ReportJson() {
  SUFFICE_ASSIGN_OR_RETURN(const NightlyResult result, file_->LoadResult(run_.number));
  if (result.verdict.empty()) return "";
  auto json = nlohmann::ordered_json::parse(result.verdict, nullptr, /*allow_exceptions=*/false);
  json["release"] = result.release;
  json["promotion"] = result.promotion;
  return json.dump(2) + "\n";
}

absl::StatusOr<std::string> NightlyJob::Page() {
  SUFFICE_ASSIGN_OR_RETURN(const NightlyResult result, file_->LoadResult(run_.number));
  return result.page;
}

}  // namespace suffice
