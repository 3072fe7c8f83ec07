// What a logged Route costs: the processor time of the whole process, the log's writer and the learner included, with
// the log in a real file. `dry` makes the same decisions and logs none.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/benchmark/fitted_world.h"
#include "features/feature_file.h"
#include "suffice/engine.h"

namespace suffice {
namespace {

constexpr int kTiers = 4;
constexpr int kPrompts = 512;
constexpr int kDimensions = 64;
constexpr int kRowsBetweenSyncs = 4096;

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("suffice_benchmark_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string File(const char* name) const { return path_ / name; }

 private:
  const std::filesystem::path path_;
};

double ProcessorMicros() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto micros = [](const timeval& time) {
    return 1e6 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec);
  };
  return micros(used.ru_utime) + micros(used.ru_stime);
}

template <typename Result>
void Require(const Result& result, const char* what) {
  if (result.ok()) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::abort();
}

std::unique_ptr<Engine> OpenEngine(const Folder& folder) {
  Config config = MakeFittedConfig(kTiers, PolicyKind::kThompson);
  const SnapshotPtr fitted = MakeFittedSnapshot(config, kDimensions);
  config.features.file = folder.File("features");
  config.features.few_labels = 0;
  Require(SaveFeatureFile(*fitted->features, config.features.file), "saving features");
  auto engine = Engine::Open({.config = config, .database = folder.File("log.db")});
  Require(engine, "opening the engine");
  return *std::move(engine);
}

void Routing(benchmark::State& state, bool dry) {
  const Folder folder;
  const std::unique_ptr<Engine> engine = OpenEngine(folder);
  std::vector<RouteRequest> requests;
  for (std::string& prompt : MakePrompts(kPrompts, static_cast<size_t>(state.range(0)), /*seed=*/2)) {
    RouteRequest request;
    request.prompt = std::move(prompt);
    request.tenant = "acme";
    request.dry_run = dry;
    requests.push_back(std::move(request));
  }
  size_t made = 0;
  const auto route = [&] {
    engine->Route(requests[made++ % kPrompts],
                  [](const absl::StatusOr<Decision>& answer) { Require(answer, "Route"); });
    if (made % kRowsBetweenSyncs == 0) Require(engine->Sync(), "Sync");
  };
  for (int i = 0; i < 2 * kPrompts; ++i) route();
  Require(engine->Sync(), "Sync");
  const double before = ProcessorMicros();
  for (auto _ : state) route();
  Require(engine->Sync(), "Sync");
  state.counters["cpu_us"] = (ProcessorMicros() - before) / static_cast<double>(state.iterations());
  Require(engine->Close(), "Close");
}

BENCHMARK_CAPTURE(Routing, logged, false)->Arg(1024)->ArgName("bytes")->Iterations(16384);
BENCHMARK_CAPTURE(Routing, dry, true)->Arg(1024)->ArgName("bytes")->Iterations(16384);

}  // namespace
}  // namespace suffice
