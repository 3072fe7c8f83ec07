#include "log/release_store.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/clock.h"
#include "base/status_macros.h"
#include "log/migrations.h"
#include "log/release_columns.h"
#include "log/rules.h"
#include "log/sqlite.h"

namespace suffice {
namespace {

class SqliteReleaseStore final : public ReleaseStore {
 public:
  explicit SqliteReleaseStore(Database database) : database_(std::move(database)) {}

  absl::StatusOr<int64_t> Save(ReleaseRecord release, const std::string& feature_bytes) override {
    Transaction transaction(database_, Transaction::Kind::kWrite);
    SUFFICE_RETURN_IF_ERROR(transaction.status());
    SUFFICE_ASSIGN_OR_RETURN(const int64_t newest, database_.QueryInt("SELECT coalesce(max(number), 0) FROM releases"));
    if (newest > 0) {
      SUFFICE_ASSIGN_OR_RETURN(const ReleaseRecord last, LoadRow(newest));
      if (last.kind == release.kind && last.fit == release.fit && last.note == release.note) return newest;
    }
    SUFFICE_RETURN_IF_ERROR(SaveFeatures(release.feature_version, feature_bytes));
    release.number = newest + 1;
    if (release.time_us == 0) release.time_us = Clock::System()->NowMicros();
    SUFFICE_RETURN_IF_ERROR(Insert(release));
    SUFFICE_RETURN_IF_ERROR(transaction.Commit());
    return release.number;
  }

  absl::StatusOr<std::vector<ReleaseRecord>> Releases() override {
    SUFFICE_ASSIGN_OR_RETURN(
        Statement select, database_.Prepare(fmt::format("SELECT {} FROM releases ORDER BY number", kReleaseColumns)));
    std::vector<ReleaseRecord> releases;
    while (true) {
      SUFFICE_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return releases;
      releases.push_back(ReadRelease(select));
    }
  }

  absl::StatusOr<ReleaseRecord> Load(int64_t number) override { return LoadRow(number); }

  absl::StatusOr<std::vector<PromotionRecord>> Promotions() override {
    SUFFICE_ASSIGN_OR_RETURN(
        Statement select, database_.Prepare(fmt::format("SELECT {} FROM promotions ORDER BY seq", kPromotionColumns)));
    std::vector<PromotionRecord> promotions;
    while (true) {
      SUFFICE_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return promotions;
      promotions.push_back(ReadPromotion(select));
    }
  }

  absl::StatusOr<int64_t> Promote(PromotionRecord promotion) override {
    if (!(promotion.share > 0 && promotion.share <= 1)) {
      return absl::InvalidArgumentError(fmt::format("share: expected a number in (0, 1], got {}", promotion.share));
    }
    Transaction transaction(database_, Transaction::Kind::kWrite);
    SUFFICE_RETURN_IF_ERROR(transaction.status());
    if (promotion.share == 1) promotion.base = 0;
    for (const int64_t number : {promotion.release, promotion.base}) {
      if (number != 0) SUFFICE_RETURN_IF_ERROR(LoadRow(number).status());
    }
    SUFFICE_ASSIGN_OR_RETURN(const std::vector<PromotionRecord> before, Promotions());
    const PromotionRecord in_force = before.empty() ? PromotionRecord{} : before.back();
    if (in_force.release == promotion.release && in_force.share == promotion.share) {
      return absl::FailedPreconditionError(fmt::format("release {} is in force already, for {:.0f}% of the decisions",
                                                       promotion.release, 100 * promotion.share));
    }
    if (promotion.time_us == 0) promotion.time_us = Clock::System()->NowMicros();
    SUFFICE_ASSIGN_OR_RETURN(Statement insert, database_.Prepare(kInsertPromotion));
    BindPromotion(promotion, insert);
    SUFFICE_RETURN_IF_ERROR(insert.Run());
    SUFFICE_RETURN_IF_ERROR(transaction.Commit());
    return database_.LastInsertSeq();
  }

 private:
  absl::StatusOr<ReleaseRecord> LoadRow(int64_t number) {
    SUFFICE_ASSIGN_OR_RETURN(Statement select, database_.Prepare(fmt::format(
                                                   "SELECT {}, fit FROM releases WHERE number = ?1", kReleaseColumns)));
    select.BindInt(1, number);
    SUFFICE_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return UnknownReleaseError(number);
    ReleaseRecord record = ReadRelease(select);
    record.fit = select.String(kReleaseColumnCount);
    return record;
  }

  absl::Status SaveFeatures(uint64_t version, const std::string& bytes) {
    SUFFICE_ASSIGN_OR_RETURN(Statement insert, database_.Prepare("INSERT INTO feature_sets (version, time_us, bytes) "
                                                                 "VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"));
    insert.BindInt(1, static_cast<int64_t>(version));
    insert.BindInt(2, Clock::System()->NowMicros());
    insert.BindBlob(3, bytes);
    return insert.Run();
  }

  absl::Status Insert(const ReleaseRecord& release) {
    SUFFICE_ASSIGN_OR_RETURN(
        Statement insert,
        database_.Prepare("INSERT INTO releases (number, time_us, parent, kind, feature_version, note, report, fit) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    insert.BindInt(1, release.number);
    insert.BindInt(2, release.time_us);
    insert.BindInt(3, release.parent);
    insert.BindText(4, release.kind);
    insert.BindInt(5, static_cast<int64_t>(release.feature_version));
    insert.BindText(6, release.note);
    insert.BindText(7, release.report);
    insert.BindBlob(8, release.fit);
    return insert.Run();
  }

  Database database_;
};

}  // namespace

absl::StatusOr<int64_t> ReleaseStore::InForce() {
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<PromotionRecord> promotions, Promotions());
  if (promotions.empty()) return 0;
  const PromotionRecord& newest = promotions.back();
  return newest.share < 1 ? newest.base : newest.release;
}

absl::StatusOr<std::unique_ptr<ReleaseStore>> ReleaseStore::Open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return absl::NotFoundError(fmt::format("{}: no such file", path));
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(path, Database::Access::kReadWriteCreate));
  SUFFICE_RETURN_IF_ERROR(database.Execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL"));
  SUFFICE_RETURN_IF_ERROR(CheckCurrent(database, path));
  return std::make_unique<SqliteReleaseStore>(std::move(database));
}

}  // namespace suffice
