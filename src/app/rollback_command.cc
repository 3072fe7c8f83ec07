#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "log/release_store.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "goes back to the release that made the decisions before";
constexpr char kExample[] = "suffice rollback --db suffice.db --reason \"complaints about short answers\"";

// What served in full before the newest promotion: a ramp goes back to its base.
absl::StatusOr<int64_t> Before(const std::vector<PromotionRecord>& promotions) {
  if (promotions.empty())
    return absl::FailedPreconditionError("nothing was ever promoted: there is nothing to go back to");
  const PromotionRecord& newest = promotions.back();
  if (newest.share < 1) return newest.base;
  for (auto promotion = promotions.rbegin() + 1; promotion != promotions.rend(); ++promotion) {
    const int64_t served = promotion->share < 1 ? promotion->base : promotion->release;
    if (served != newest.release) return served;
  }
  return 0;
}

absl::StatusOr<int64_t> RollBack(const std::string& db, const std::string& reason) {
  auto store = ReleaseStore::Open(db);
  if (!store.ok()) return store.status();
  const auto promotions = (*store)->Promotions();
  if (!promotions.ok()) return promotions.status();
  const auto release = Before(*promotions);
  if (!release.ok()) return release.status();
  const auto seq = (*store)->Promote({.release = *release, .reason = reason});
  if (!seq.ok()) return seq.status();
  return *release;
}

int Run(const std::vector<std::string>& args, Io& io) {
  std::string db, reason = "rolled back by hand";
  Flags flags("rollback",
              "A running server follows within a second. A ramp ends at its base; to go back to another release, "
              "promote it.",
              kExample);
  flags.Add("db", &db, {.value = "FILE", .help = "the log", .required = true})
      .Add("reason", &reason, {.value = "TEXT", .help = "kept with the promotion"});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const auto release = RollBack(db, reason);
  if (!release.ok()) return Fail(io, release.status());
  io.out << fmt::format("back to release {}{}\n", *release,
                        *release == 0 ? ": none, everything learned from this log alone" : "");
  return kExitOk;
}

}  // namespace

Command RollbackCommand() { return {"rollback", kSummary, Run}; }

}  // namespace suffice
