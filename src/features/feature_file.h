// Feature sets as files, as made by `suffice fit-features` and named by features.file.
// Thread contract: pure functions, but for the named file.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "features/feature_set.h"

namespace suffice {

// NOT_FOUND: no such file; INVALID_ARGUMENT as LoadFeatureSet, naming the file.
absl::StatusOr<FeatureSetPtr> LoadFeatureFile(const std::string& path, const FeatureConfig& config);
// Writes a temporary file beside `path` and renames it.
absl::Status SaveFeatureFile(const FeatureSet& features, const std::string& path);

}  // namespace suffice
