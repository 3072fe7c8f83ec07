#include "features/feature_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace suffice {

absl::StatusOr<FeatureSetPtr> LoadFeatureFile(const std::string& path, const FeatureConfig& config) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("{}: cannot be opened", path));
  std::ostringstream bytes;
  bytes << in.rdbuf();
  auto features = LoadFeatureSet(bytes.str(), config);
  if (!features.ok()) {
    return absl::Status(features.status().code(),
                        fmt::format("{}: {}", path, std::string(features.status().message())));
  }
  return features;
}

absl::Status SaveFeatureFile(const FeatureSet& features, const std::string& path) {
  const std::string temporary = path + ".tmp";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << features.Serialize();
    out.flush();
    if (!out) return absl::UnavailableError(fmt::format("{}: cannot be written", temporary));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(fmt::format("{}: cannot be renamed from {}", path, temporary));
  }
  return absl::OkStatus();
}

}  // namespace suffice
