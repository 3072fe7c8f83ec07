#include "learner/project_rows.h"

#include <future>

#include "features/sketch.h"

namespace suffice {

void ProjectRows(const FeatureSet& features, int threads, std::vector<ObservedDecision>& rows) {
  constexpr size_t kWorthAThread = 64;
  const auto project = [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      DecisionRecord& decision = rows[i].decision;
      if (decision.feature_version == features.version() || decision.sketch.empty()) continue;
      const auto sketch = Sketch::Decode(decision.sketch);
      if (!sketch.ok() || static_cast<int>(sketch->extras.size()) != features.extras()) continue;
      decision.features.resize(static_cast<size_t>(features.dimensions()));
      features.Compute(*sketch, decision.features);
      decision.feature_version = features.version();
    }
  };
  if (threads < 2 || rows.size() < kWorthAThread) return project(0, rows.size());
  auto half = std::async(std::launch::async, project, 0, rows.size() / 2);
  project(rows.size() / 2, rows.size());
  half.wait();
}

}  // namespace suffice
