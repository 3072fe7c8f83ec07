#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "log/release_store.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "puts a release in force: a running server follows within a second";
constexpr char kExample[] = "suffice promote --db suffice.db --release 3 --share 0.01";

absl::StatusOr<PromotionRecord> Promote(const std::string& db, int64_t release, double share,
                                        const std::string& reason) {
  auto store = ReleaseStore::Open(db);
  if (!store.ok()) return store.status();
  PromotionRecord promotion{.release = release, .share = share, .reason = reason};
  const auto base = (*store)->InForce();
  if (!base.ok()) return base.status();
  promotion.base = share < 1 ? *base : 0;
  if (share < 1 && promotion.base == release) {
    return absl::FailedPreconditionError(
        fmt::format("--share: release {} makes the decisions already; a ramp needs another one", release));
  }
  const auto seq = (*store)->Promote(promotion);
  if (!seq.ok()) return seq.status();
  return promotion;
}

int Run(const std::vector<std::string>& args, Io& io) {
  std::string db, reason = "promoted by hand";
  int64_t release = 0;
  double share = 1;
  Flags flags(
      "promote",
      "The release makes `--share` of the decisions, the one in force the rest; with a share under 1 the server "
      "goes on through 1, 5, 25 and 100% by itself, and stops when the release proves to be worse. 0 is no "
      "release: everything learned from this log alone.",
      kExample);
  flags.Add("db", &db, {.value = "FILE", .help = "the log", .required = true})
      .Add("release", &release,
           {.value = "N", .help = "see `suffice snapshots`", .required = true, .range = AtLeast(0)})
      .Add("share", &share, {.value = "F", .help = "of the decisions", .range = AboveUpTo(0, 1)})
      .Add("reason", &reason, {.value = "TEXT", .help = "kept with the promotion"});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const auto promoted = Promote(db, release, share, reason);
  if (!promoted.ok()) return Fail(io, promoted.status());
  io.out << fmt::format("release {} makes {:g}% of the decisions", release, 100 * share);
  if (share < 1) io.out << fmt::format(", release {} the rest", promoted->base);
  io.out << "\n";
  return kExitOk;
}

}  // namespace

Command PromoteCommand() { return {"promote", kSummary, Run}; }

}  // namespace suffice
