// The nightly job's own file: what was drawn, answered and judged, row by row as it comes, so that a job that was
// killed goes on where it stopped and pays nothing twice. The log is not touched by any of this.
// Thread contract: a WorkFile belongs to one thread. May block on I/O. One process at a time has the file open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "log/file_lock.h"
#include "log/records.h"
#include "log/sqlite.h"
#include "provider/chat_client.h"

namespace suffice {

// In their order; a run has done all steps up to one.
enum class NightlyStep { kNone, kSample, kRunTiers, kJudge, kRefit, kGate, kPromote };
inline constexpr NightlyStep kLastStep = NightlyStep::kPromote;
std::string_view ToString(NightlyStep step);  // "sample", "run-tiers", ...

// One night's job.
struct NightlyRun {
  int64_t number = 0;      // from 1; assigned by the file
  int64_t started_us = 0;  // prices are those in force then
  uint64_t seed = 0;       // of the draw
  // The log's end when it began: what came later is not looked at, so that a repeated step sees the same.
  int64_t decision_seq = 0;
  LogCursor end;
  int64_t after_seq = 0;    // decisions behind this one are the traffic that the run is about
  std::string config_yaml;  // see SameJob
  std::string source;       // "log", or the path of the file of prompts
  NightlyStep done = NightlyStep::kNone;
  bool abandoned = false;  // another run was begun before it had ended
  std::string summary;     // of the draw, for people
};

// A prompt that was drawn.
struct NightlySample {
  int64_t number = 0;  // within the run, from 1
  std::string id;      // decision id as text, or the file's id
  std::string prompt;
  std::string reference;  // known right answer; empty: none
  std::string tenant;
  bool from_log = false;
  std::string stratum;          // for people
  double probability = 1;       // of being drawn, of those that the log has
  double keep_probability = 1;  // with which the log had it
  std::string sketch;           // Sketch::Encode()
  double input_tokens_estimate = 0;
  std::string served_tier;                                   // from the log alone; also below
  std::vector<std::pair<std::string, double>> propensities;  // by tier, as logged

  double Weight() const { return 1 / (probability * keep_probability); }
};

// One tier's answer to a sample. Errors and refusals are kept as well.
struct NightlyAnswer {
  int64_t sample = 0;
  std::string tier;
  ChatAnswer answer;
};

// What one judge said of one answer.
struct NightlyScore {
  int64_t sample = 0;
  std::string tier;
  std::string judge;
  std::string judge_version;
  std::optional<double> score;
  std::string error;  // why there is no score
  double cost_usd = 0;
};

// What a run came to.
struct NightlyResult {
  std::string fit;  // ReleaseRecord::fit of the candidate; empty: not fitted yet
  uint64_t feature_version = 0;
  std::string feature_bytes;
  std::string refit_report;  // JSON
  std::string verdict;       // JSON; empty: not judged yet
  std::string page;          // HTML
  int64_t release = 0;       // number in the log, once it was judged
  int64_t promotion = 0;     // seq in the log; 0: not promoted
};

class WorkFile {
 public:
  // Opens or creates the file. FAILED_PRECONDITION: it is another program's or a newer one's, or another process has
  // it.
  static absl::StatusOr<std::unique_ptr<WorkFile>> Open(const std::string& path);

  // Runs. Returns the new run's number.
  absl::StatusOr<int64_t> AddRun(const NightlyRun& run);
  absl::StatusOr<std::optional<NightlyRun>> FindRun(int64_t number);
  absl::StatusOr<std::optional<NightlyRun>> NewestRun();
  // The newest one before `number` that ended.
  absl::StatusOr<std::optional<NightlyRun>> LastFinishedBefore(int64_t number);
  absl::Status MarkDone(int64_t run, NightlyStep step);
  absl::Status Abandon(int64_t run);

  // Saves a run's samples whole and marks the step done.
  absl::Status SaveSamples(int64_t run, const std::vector<NightlySample>& samples, const std::string& summary);
  absl::StatusOr<int64_t> CountSamples(int64_t run);
  // In order of number; stops early when `visit` returns false. `visit` must not touch the file.
  absl::Status ForEachSample(int64_t run, const std::function<bool(const NightlySample&)>& visit);

  // Commits one row; one that is there already is replaced.
  absl::Status SaveAnswer(int64_t run, const NightlyAnswer& answer);
  // In order of sample, then tier. With `texts` or without.
  absl::Status ForEachAnswer(int64_t run, bool texts, const std::function<bool(const NightlyAnswer&)>& visit);
  absl::StatusOr<double> SpentOnAnswers(int64_t run);

  absl::Status SaveScore(int64_t run, const NightlyScore& score);
  // In order of sample, tier, judge.
  absl::Status ForEachScore(int64_t run, const std::function<bool(const NightlyScore&)>& visit);
  absl::StatusOr<double> SpentOnScores(int64_t run);

  // One row a run; an empty one before any was saved.
  absl::Status SaveResult(int64_t run, const NightlyResult& result);
  absl::StatusOr<NightlyResult> LoadResult(int64_t run);

 private:
  WorkFile(FileLock lock, Database database) : lock_(std::move(lock)), database_(std::move(database)) {}
  absl::Status Prepare();
  absl::StatusOr<std::optional<NightlyRun>> ReadRun(Statement& statement);
  absl::StatusOr<double> Sum(std::string_view sql, int64_t run);

  FileLock lock_;
  Database database_;
  Statement save_answer_, save_score_;  // after the connection: they go first
};

}  // namespace suffice
