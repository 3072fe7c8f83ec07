#include "nightly/work_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "log/row_codec.h"
#include "nightly/work_file_schema.h"

namespace suffice {
namespace {

constexpr char kRunColumns[] =
    "number, started_us, seed, decision_seq, outcome_seq, feedback_seq, after_seq, config_yaml, source, done, "
    "abandoned, summary";

std::string PropensitiesToJson(const std::vector<std::pair<std::string, double>>& propensities) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [tier, p] : propensities) json[tier] = p;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

absl::StatusOr<std::vector<std::pair<std::string, double>>> PropensitiesFromJson(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::DataLossError("samples.propensities: expected a JSON object");
  std::vector<std::pair<std::string, double>> propensities;
  for (const auto& [tier, p] : json.items()) {
    if (!p.is_number()) return absl::DataLossError("samples.propensities: expected numbers");
    propensities.emplace_back(tier, p.get<double>());
  }
  return propensities;
}

// Creates the tables in a new file; refuses what is not ours.
absl::Status CheckOrCreate(Database& database, const std::string& path) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t application, database.QueryInt("PRAGMA application_id"));
  SUFFICE_ASSIGN_OR_RETURN(const int64_t objects, database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (objects == 0 && application == 0) {
    Transaction transaction(database, Transaction::Kind::kWrite);
    SUFFICE_RETURN_IF_ERROR(transaction.status());
    SUFFICE_RETURN_IF_ERROR(database.Execute(kWorkFileSchema));
    SUFFICE_RETURN_IF_ERROR(database.Execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kWorkFileApplicationId, kWorkFileVersion)));
    return transaction.Commit();
  }
  if (application != kWorkFileApplicationId) {
    return absl::FailedPreconditionError(
        fmt::format("{} is not a work file of the nightly job (application_id {})", path, application));
  }
  SUFFICE_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  if (version == kWorkFileVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} has schema {}, this program writes {}", path, version, kWorkFileVersion));
}

absl::StatusOr<NightlySample> ReadSample(const Statement& row) {
  NightlySample sample{.number = row.Int(0),
                       .id = row.String(1),
                       .prompt = row.String(2),
                       .reference = row.String(3),
                       .tenant = row.String(4),
                       .from_log = row.Int(5) != 0,
                       .stratum = row.String(6),
                       .probability = row.Double(7),
                       .keep_probability = row.Double(8),
                       .sketch = row.String(9),
                       .input_tokens_estimate = row.Double(10),
                       .served_tier = row.String(11)};
  SUFFICE_ASSIGN_OR_RETURN(sample.propensities, PropensitiesFromJson(row.Bytes(12)));
  return sample;
}

absl::StatusOr<NightlyAnswer> ReadAnswer(const Statement& row) {
  NightlyAnswer answer{.sample = row.Int(0), .tier = row.String(1)};
  SUFFICE_ASSIGN_OR_RETURN(answer.answer.status, DecodeCallStatus(row.Bytes(2)));
  answer.answer.error = row.String(3);
  answer.answer.served_model = row.String(4);
  answer.answer.wrong_model = row.Int(5) != 0;
  answer.answer.input_tokens = row.Int(6);
  answer.answer.output_tokens = row.Int(7);
  answer.answer.cached_input_tokens = row.Int(8);
  answer.answer.reasoning_tokens = row.Int(9);
  answer.answer.cost_usd = row.Double(10);
  answer.answer.latency_ms = row.Double(11);
  answer.answer.retries = static_cast<int32_t>(row.Int(12));
  answer.answer.text = row.String(13);
  return answer;
}

NightlyScore ReadScore(const Statement& row) {
  return {.sample = row.Int(0),
          .tier = row.String(1),
          .judge = row.String(2),
          .judge_version = row.String(3),
          .score = row.OptionalDouble(4),
          .error = row.String(5),
          .cost_usd = row.Double(6)};
}

absl::Status InsertSample(Statement& insert, int64_t run, const NightlySample& sample) {
  const std::string propensities = PropensitiesToJson(sample.propensities);
  insert.BindInt(1, run);
  insert.BindInt(2, sample.number);
  insert.BindText(3, sample.id);
  insert.BindText(4, sample.prompt);
  insert.BindText(5, sample.reference);
  insert.BindText(6, sample.tenant);
  insert.BindInt(7, int64_t{sample.from_log});
  insert.BindText(8, sample.stratum);
  insert.BindDouble(9, sample.probability);
  insert.BindDouble(10, sample.keep_probability);
  insert.BindBlob(11, sample.sketch);
  insert.BindDouble(12, sample.input_tokens_estimate);
  insert.BindText(13, sample.served_tier);
  insert.BindText(14, propensities);
  return insert.Run();
}

}  // namespace

std::string_view ToString(NightlyStep step) {
  switch (step) {
    case NightlyStep::kNone:
      return "none";
    case NightlyStep::kSample:
      return "sample";
    case NightlyStep::kRunTiers:
      return "run-tiers";
    case NightlyStep::kJudge:
      return "judge";
    case NightlyStep::kRefit:
      return "refit";
    case NightlyStep::kGate:
      return "gate";
    case NightlyStep::kPromote:
      return "promote";
  }
  return "none";
}

absl::StatusOr<std::unique_ptr<WorkFile>> WorkFile::Open(const std::string& path) {
  SUFFICE_ASSIGN_OR_RETURN(FileLock lock, FileLock::Acquire(path));
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(path, Database::Access::kReadWriteCreate));
  SUFFICE_RETURN_IF_ERROR(database.Execute(
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON"));
  SUFFICE_RETURN_IF_ERROR(CheckOrCreate(database, path));
  std::unique_ptr<WorkFile> file(new WorkFile(std::move(lock), std::move(database)));
  SUFFICE_RETURN_IF_ERROR(file->Prepare());
  return file;
}

absl::Status WorkFile::Prepare() {
  // A repeated answer or score takes the old one's place: with REPLACE the scores of an answer would have to go first.
  SUFFICE_ASSIGN_OR_RETURN(
      save_answer_,
      database_.Prepare("INSERT INTO answers (run, sample, tier, status, error, text, served_model, wrong_model, "
                        "input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost_usd, latency_ms, "
                        "retries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
                        "ON CONFLICT DO UPDATE SET status = ?4, error = ?5, text = ?6, served_model = ?7, "
                        "wrong_model = ?8, input_tokens = ?9, output_tokens = ?10, cached_input_tokens = ?11, "
                        "reasoning_tokens = ?12, cost_usd = cost_usd + ?13, latency_ms = ?14, retries = ?15"));
  SUFFICE_ASSIGN_OR_RETURN(
      save_score_,
      database_.Prepare("INSERT INTO scores (run, sample, tier, judge, judge_version, score, error, cost_usd) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                        "ON CONFLICT DO UPDATE SET score = ?6, error = ?7, cost_usd = cost_usd + ?8"));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> WorkFile::AddRun(const NightlyRun& run) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO runs (started_us, seed, decision_seq, outcome_seq, feedback_seq, after_seq, "
                        "config_yaml, source, done, abandoned, summary) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, '')"));
  insert.BindInt(1, run.started_us);
  insert.BindInt(2, static_cast<int64_t>(run.seed));
  insert.BindInt(3, run.decision_seq);
  insert.BindInt(4, run.end.outcome_seq);
  insert.BindInt(5, run.end.feedback_seq);
  insert.BindInt(6, run.after_seq);
  insert.BindText(7, run.config_yaml);
  insert.BindText(8, run.source);
  SUFFICE_RETURN_IF_ERROR(insert.Run());
  return database_.LastInsertSeq();
}

absl::StatusOr<std::optional<NightlyRun>> WorkFile::ReadRun(Statement& statement) {
  SUFFICE_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return std::nullopt;
  return NightlyRun{.number = statement.Int(0),
                    .started_us = statement.Int(1),
                    .seed = static_cast<uint64_t>(statement.Int(2)),
                    .decision_seq = statement.Int(3),
                    .end = {statement.Int(4), statement.Int(5)},
                    .after_seq = statement.Int(6),
                    .config_yaml = statement.String(7),
                    .source = statement.String(8),
                    .done = static_cast<NightlyStep>(statement.Int(9)),
                    .abandoned = statement.Int(10) != 0,
                    .summary = statement.String(11)};
}

absl::StatusOr<std::optional<NightlyRun>> WorkFile::FindRun(int64_t number) {
  SUFFICE_ASSIGN_OR_RETURN(Statement select,
                           database_.Prepare(fmt::format("SELECT {} FROM runs WHERE number = ?1", kRunColumns)));
  select.BindInt(1, number);
  return ReadRun(select);
}

absl::StatusOr<std::optional<NightlyRun>> WorkFile::NewestRun() {
  SUFFICE_ASSIGN_OR_RETURN(Statement select, database_.Prepare(fmt::format(
                                                 "SELECT {} FROM runs ORDER BY number DESC LIMIT 1", kRunColumns)));
  return ReadRun(select);
}

absl::StatusOr<std::optional<NightlyRun>> WorkFile::LastFinishedBefore(int64_t number) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare(fmt::format("SELECT {} FROM runs WHERE number < ?1 AND done >= {} ORDER BY number DESC LIMIT 1",
                                    kRunColumns, static_cast<int>(NightlyStep::kGate))));
  select.BindInt(1, number);
  return ReadRun(select);
}

absl::Status WorkFile::MarkDone(int64_t run, NightlyStep step) {
  SUFFICE_ASSIGN_OR_RETURN(Statement update, database_.Prepare("UPDATE runs SET done = ?2 WHERE number = ?1"));
  update.BindInt(1, run);
  update.BindInt(2, static_cast<int64_t>(step));
  return update.Run();
}

absl::Status WorkFile::Abandon(int64_t run) {
  SUFFICE_ASSIGN_OR_RETURN(Statement update, database_.Prepare("UPDATE runs SET abandoned = 1 WHERE number = ?1"));
  update.BindInt(1, run);
  return update.Run();
}

absl::Status WorkFile::SaveSamples(int64_t run, const std::vector<NightlySample>& samples, const std::string& summary) {
  Transaction transaction(database_, Transaction::Kind::kWrite);
  SUFFICE_RETURN_IF_ERROR(transaction.status());
  SUFFICE_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO samples VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"));
  for (const NightlySample& sample : samples) SUFFICE_RETURN_IF_ERROR(InsertSample(insert, run, sample));
  SUFFICE_ASSIGN_OR_RETURN(Statement update,
                           database_.Prepare("UPDATE runs SET summary = ?2, done = ?3 WHERE number = ?1"));
  update.BindInt(1, run);
  update.BindText(2, summary);
  update.BindInt(3, static_cast<int64_t>(NightlyStep::kSample));
  SUFFICE_RETURN_IF_ERROR(update.Run());
  return transaction.Commit();
}

absl::StatusOr<int64_t> WorkFile::CountSamples(int64_t run) {
  return database_.QueryInt(fmt::format("SELECT count(*) FROM samples WHERE run = {}", run));
}

absl::Status WorkFile::ForEachSample(int64_t run, const std::function<bool(const NightlySample&)>& visit) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT number, id, prompt, reference, tenant, from_log, stratum, probability, "
                        "keep_probability, sketch, input_tokens_estimate, served_tier, propensities "
                        "FROM samples WHERE run = ?1 ORDER BY number"));
  select.BindInt(1, run);
  for (;;) {
    SUFFICE_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return absl::OkStatus();
    SUFFICE_ASSIGN_OR_RETURN(const NightlySample sample, ReadSample(select));
    if (!visit(sample)) return absl::OkStatus();
  }
}

absl::Status WorkFile::SaveAnswer(int64_t run, const NightlyAnswer& row) {
  const ChatAnswer& answer = row.answer;
  save_answer_.BindInt(1, run);
  save_answer_.BindInt(2, row.sample);
  save_answer_.BindText(3, row.tier);
  save_answer_.BindText(4, EncodeCallStatus(answer.status));
  save_answer_.BindText(5, answer.error);
  save_answer_.BindText(6, answer.text);
  save_answer_.BindText(7, answer.served_model);
  save_answer_.BindInt(8, int64_t{answer.wrong_model});
  save_answer_.BindInt(9, answer.input_tokens);
  save_answer_.BindInt(10, answer.output_tokens);
  save_answer_.BindInt(11, answer.cached_input_tokens);
  save_answer_.BindInt(12, answer.reasoning_tokens);
  save_answer_.BindDouble(13, answer.cost_usd);
  save_answer_.BindDouble(14, answer.latency_ms);
  save_answer_.BindInt(15, int64_t{answer.retries});
  return save_answer_.Run();
}

absl::Status WorkFile::ForEachAnswer(int64_t run, bool texts, const std::function<bool(const NightlyAnswer&)>& visit) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare(fmt::format(
          "SELECT sample, tier, status, error, served_model, wrong_model, input_tokens, output_tokens, "
          "cached_input_tokens, reasoning_tokens, cost_usd, latency_ms, retries, {} FROM answers WHERE run = ?1 "
          "ORDER BY sample, tier",
          texts ? "text" : "''")));
  select.BindInt(1, run);
  for (;;) {
    SUFFICE_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return absl::OkStatus();
    SUFFICE_ASSIGN_OR_RETURN(const NightlyAnswer answer, ReadAnswer(select));
    if (!visit(answer)) return absl::OkStatus();
  }
}

absl::Status WorkFile::SaveScore(int64_t run, const NightlyScore& score) {
  save_score_.BindInt(1, run);
  save_score_.BindInt(2, score.sample);
  save_score_.BindText(3, score.tier);
  save_score_.BindText(4, score.judge);
  save_score_.BindText(5, score.judge_version);
  save_score_.BindDouble(6, score.score);
  save_score_.BindText(7, score.error);
  save_score_.BindDouble(8, score.cost_usd);
  return save_score_.Run();
}

absl::Status WorkFile::ForEachScore(int64_t run, const std::function<bool(const NightlyScore&)>& visit) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT sample, tier, judge, judge_version, score, error, cost_usd FROM scores WHERE run = ?1 "
                        "ORDER BY sample, tier, judge, judge_version"));
  select.BindInt(1, run);
  for (;;) {
    SUFFICE_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more || !visit(ReadScore(select))) return absl::OkStatus();
  }
}

absl::StatusOr<double> WorkFile::Sum(std::string_view sql, int64_t run) {
  SUFFICE_ASSIGN_OR_RETURN(Statement select, database_.Prepare(sql));
  select.BindInt(1, run);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, select.Step());
  return row ? select.Double(0) : 0.0;
}

absl::StatusOr<double> WorkFile::SpentOnAnswers(int64_t run) {
  return Sum("SELECT total(cost_usd) FROM answers WHERE run = ?1", run);
}

absl::StatusOr<double> WorkFile::SpentOnScores(int64_t run) {
  return Sum("SELECT total(cost_usd) FROM scores WHERE run = ?1", run);
}

absl::Status WorkFile::SaveResult(int64_t run, const NightlyResult& result) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement save, database_.Prepare("INSERT OR REPLACE INTO results (run, fit, feature_version, feature_bytes, "
                                        "refit_report, verdict, page, release, promotion) "
                                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  save.BindInt(1, run);
  save.BindBlob(2, result.fit);
  save.BindInt(3, static_cast<int64_t>(result.feature_version));
  save.BindBlob(4, result.feature_bytes);
  save.BindText(5, result.refit_report);
  save.BindText(6, result.verdict);
  save.BindText(7, result.page);
  save.BindInt(8, result.release);
  save.BindInt(9, result.promotion);
  return save.Run();
}

absl::StatusOr<NightlyResult> WorkFile::LoadResult(int64_t run) {
  SUFFICE_ASSIGN_OR_RETURN(Statement select,
                           database_.Prepare("SELECT fit, feature_version, feature_bytes, refit_report, verdict, page, "
                                             "release, promotion FROM results WHERE run = ?1"));
  select.BindInt(1, run);
  SUFFICE_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return NightlyResult{};
  return NightlyResult{.fit = select.String(0),
                       .feature_version = static_cast<uint64_t>(select.Int(1)),
                       .feature_bytes = select.String(2),
                       .refit_report = select.String(3),
                       .verdict = select.String(4),
                       .page = select.String(5),
                       .release = select.Int(6),
                       .promotion = select.Int(7)};
}

}  // namespace suffice
