// Recorded traffic: prompts whose answers by every tier are known, as JSON Lines, one row a line:
//   {"id": "q1", "source": "faq", "prompt": "...", "tiers": {"large": {...}, "small": {"quality": 0.7,
//    "cost_usd": 2e-5, "latency_ms": 900, "ttft_ms": 200, "input_tokens": 12, "output_tokens": 80}}}
// `prompt` and every tier's `quality` are required; a row may name its conversation ("session"). Every row has the same
// tiers. Blank lines and CRLF are fine; other keys are ignored.
// Thread contract: plain data and pure functions; the readers and writers touch only the named file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "suffice/config.h"

namespace suffice {

// What one tier's answer to one prompt was like.
struct TrafficTier {
  double quality = 0;                // in [0, 1]
  std::optional<double> cost_usd;    // of the call
  std::optional<double> latency_ms;  // total
  std::optional<double> ttft_ms;     // to the first token
  std::optional<int64_t> input_tokens;
  std::optional<int64_t> output_tokens;
  bool known = true;                 // false: the row lacks the tier; the rest is empty
};

struct TrafficRow {
  std::string id;  // the line number where the file has none
  std::string source;
  std::string prompt;
  std::vector<TrafficTier> tiers;  // aligned with Traffic::tier_names
  std::string session;             // the conversation it belongs to; empty: none
};

struct Traffic {
  std::vector<std::string> tier_names;
  std::vector<TrafficRow> rows;
};

// Longest line that is read; a longer one is an error.
inline constexpr size_t kMaxTrafficLineBytes = size_t{16} << 20;

// Reads a file. `expected_tier_names` fixes the tiers and their order; empty takes both from the first row.
// NOT_FOUND: no such file. INVALID_ARGUMENT "file:line: tiers.NAME.quality: expected ..., got ...": the first bad row.
// With `tiers_may_lack` a row may lack some of the expected tiers: what was known before a tier was added.
absl::StatusOr<Traffic> ReadTraffic(const std::string& path, const std::vector<std::string>& expected_tier_names = {},
                                    bool tiers_may_lack = false);

// Writes what ReadTraffic reads, through a temporary file beside `path`.
absl::Status WriteTraffic(const Traffic& traffic, const std::string& path);

// Tiers for a policy, named and priced from the rows: the prices are the non-negative least-squares fit of cost on
// input and output tokens. A tier with costs but without tokens gets the output price that makes its mean cost that of
// 1,000 output tokens (the learner counts in "equivalent output tokens", so any positive price serves); one without
// costs is free. max_output_tokens covers the dearest recorded call at that price. Priors keep their defaults: nothing
// of what the rows say about quality, length or latency leaks into them.
std::vector<Tier> TiersFromTraffic(const Traffic& traffic);

}  // namespace suffice
