// The alpha of policy threshold for a wanted share of strong calls, or of the quality gap between the two tiers.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "suffice/config.h"

namespace suffice {

// A prompt whose answers by both tiers are known, or estimated without bias.
struct GapRow {
  double wins = 0;  // P(strong wins), by a model that did not see the answers
  double gain = 0;  // quality of the strong tier minus that of the weak one
};

struct WantedThreshold {
  std::optional<double> strong_share;  // one of the two
  std::optional<double> quality;       // share of the gap
};

struct FoundThreshold {
  double alpha = 0;
  double strong_share = 0;        // on the prompts at hand
  double strong_share_error = 0;  // standard error of that share on as many fresh prompts
  double gap_recovered = 0;       // by `gap_rows`, at that share of strong calls
  double gap_error = 0;           // standard error, by the bootstrap
  int64_t prompts = 0, gap_rows = 0;
};

// `wins`: of the traffic, by the models that will serve. For a share of the gap: the least share of strong calls of
// `rows` (largest P first) that recovers it, then the alpha for that share of the traffic. INVALID_ARGUMENT: no
// prompts, no wish, or both. FAILED_PRECONDITION: a wish for quality without rows, or where the strong tier is not
// better on them.
absl::StatusOr<FoundThreshold> FindThreshold(const std::vector<double>& wins, const std::vector<GapRow>& rows,
                                             const WantedThreshold& wanted);

}  // namespace suffice
