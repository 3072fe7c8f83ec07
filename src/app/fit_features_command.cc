#include <fmt/format.h>

#include "app/commands.h"
#include "app/config_flags.h"
#include "app/progress.h"
#include "base/status_macros.h"
#include "evaluation/prompts.h"
#include "features/feature_file.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "fits the feature projection on text: a log's prompts, or a file's";
constexpr char kExample[] =
    "suffice fit-features --config policies/three_tiers.yaml --db suffice.db --out features.sfx\n"
    "suffice fit-features --config policies/three_tiers.yaml --prompts prompts.jsonl --out features.sfx";

struct FitFlags {
  ConfigFlags config;
  std::string db, prompts, out;
  int64_t salt = 1, max_prompts = 100000;
  int threads = 2;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("fit-features",
                "Fits idf and a projection (features.dimensions) on unlabelled prompts, to be named by features.file. "
                "A log keeps hashed "
                "counts, so no prompt need be stored; a file has one JSON object with a \"prompt\" a line.",
                kExample);
    config.AddTo(flags);
    flags.Add("db", &db, {.value = "FILE", .help = "a log, not open elsewhere; its salt is kept"})
        .Add("prompts", &prompts, {.value = "FILE", .help = "prompts as JSON Lines"})
        .Add("out", &out, {.value = "FILE", .help = "the features file to write", .required = true})
        .Add("salt", &salt,
             {.value = "N",
              .help = "with --prompts: salt of the hashes, which a new store takes over",
              .range = AtLeast(1)})
        .Add("max-prompts", &max_prompts,
             {.value = "N", .help = "a uniform sample of more is used", .range = AtLeast(1)})
        .Add("threads", &threads, {.value = "N", .help = "to fit with", .range = AtLeast(1)});
    return flags.Parse(args, io);
  }
};

absl::StatusOr<FeatureSetPtr> FitOnFile(const FitFlags& flags, const Config& config, Io& io) {
  const auto salt = static_cast<uint64_t>(flags.salt);
  SvdFitter fitter(config.features, {.dimensions = config.features.dimensions,
                                     .threads = flags.threads,
                                     .salt = salt,
                                     .max_prompts = flags.max_prompts});
  Sketch sketch;
  SUFFICE_RETURN_IF_ERROR(ForEachPrompt(flags.prompts, [&](const std::string& prompt) {
    SketchText(prompt, salt, sketch);
    fitter.Add(sketch);
  }));
  ProgressBar progress(io, "fit-features");
  return fitter.Fit([&progress](double fraction) { progress.Show(fraction); });
}

absl::StatusOr<FeatureSetPtr> FitOnLog(const FitFlags& flags, const Config& config) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLog({.path = flags.db}));
  return FitFeaturesOnLog(*log, config, flags.max_prompts);
}

int Run(const std::vector<std::string>& args, Io& io) {
  FitFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  if (flags.db.empty() == flags.prompts.empty()) {
    io.err << "suffice fit-features: expected either --db or --prompts\n";
    return kExitUsage;
  }
  const absl::StatusOr<Config> config = flags.config.Load();
  if (!config.ok()) return Fail(io, config.status());
  const absl::StatusOr<FeatureSetPtr> features =
      flags.db.empty() ? FitOnFile(flags, *config, io) : FitOnLog(flags, *config);
  if (!features.ok()) return Fail(io, features.status());
  if (const absl::Status saved = SaveFeatureFile(**features, flags.out); !saved.ok()) return Fail(io, saved);
  io.out << fmt::format("{}: {} dimensions, version {:016x}\n", flags.out, (*features)->dimensions(),
                        (*features)->version());
  return kExitOk;
}

}  // namespace

Command FitFeaturesCommand() { return {"fit-features", kSummary, Run}; }

}  // namespace suffice
