#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "app/commands.h"
#include "app/flags.h"
#include "log/release_store.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "lists the releases that decisions can be made on, and which were in force when";
constexpr char kExample[] = "suffice snapshots --db suffice.db";

std::string TimeText(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

void Print(const std::vector<ReleaseRecord>& releases, const std::vector<PromotionRecord>& promotions, Io& io) {
  io.out << "RELEASES\n   0  none: everything learned from this log alone\n";
  for (const ReleaseRecord& release : releases) {
    io.out << fmt::format("{:4}  {}  {}  on release {}  {}\n", release.number, TimeText(release.time_us), release.kind,
                          release.parent, release.note);
  }
  io.out << "IN FORCE SINCE\n";
  if (promotions.empty()) io.out << "      the beginning            release 0\n";
  for (const PromotionRecord& promotion : promotions) {
    std::string what = fmt::format("release {}", promotion.release);
    if (promotion.share < 1) what += fmt::format(" for {:g}%, {} for the rest", 100 * promotion.share, promotion.base);
    io.out << fmt::format("{:4}  {}  {}: {}\n", promotion.seq, TimeText(promotion.time_us), what, promotion.reason);
  }
}

void PrintJson(const std::vector<ReleaseRecord>& releases, const std::vector<PromotionRecord>& promotions, Io& io) {
  nlohmann::ordered_json json{{"releases", nlohmann::json::array()}, {"promotions", nlohmann::json::array()}};
  for (const ReleaseRecord& release : releases) {
    auto& row = json["releases"].emplace_back(nlohmann::ordered_json{{"number", release.number},
                                                                     {"time_us", release.time_us},
                                                                     {"parent", release.parent},
                                                                     {"kind", release.kind},
                                                                     {"feature_version", release.feature_version},
                                                                     {"note", release.note}});
    const auto report = nlohmann::ordered_json::parse(release.report, nullptr, /*allow_exceptions=*/false);
    if (!report.is_discarded()) row["report"] = report;
  }
  for (const PromotionRecord& promotion : promotions) {
    json["promotions"].push_back(nlohmann::ordered_json{{"seq", promotion.seq},
                                                        {"time_us", promotion.time_us},
                                                        {"release", promotion.release},
                                                        {"share", promotion.share},
                                                        {"base", promotion.base},
                                                        {"reason", promotion.reason}});
  }
  io.out << json.dump(2) << "\n";
}

int Run(const std::vector<std::string>& args, Io& io) {
  std::string db;
  bool json = false;
  Flags flags("snapshots",
              "A release is a numbered fit that the server's snapshots are made on: features, prior statistics, "
              "calibration and tuned keys. `suffice promote` and `suffice rollback` put one in force.",
              kExample);
  flags.Add("db", &db, {.value = "FILE", .help = "the log", .required = true})
      .Add("json", &json, {.help = "as JSON, with the gates' reports"});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const auto store = ReleaseStore::Open(db);
  if (!store.ok()) return Fail(io, store.status());
  const auto releases = (*store)->Releases();
  if (!releases.ok()) return Fail(io, releases.status());
  const auto promotions = (*store)->Promotions();
  if (!promotions.ok()) return Fail(io, promotions.status());
  json ? PrintJson(*releases, *promotions, io) : Print(*releases, *promotions, io);
  return kExitOk;
}

}  // namespace

Command SnapshotsCommand() { return {"snapshots", kSummary, Run}; }

}  // namespace suffice
