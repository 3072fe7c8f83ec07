// Draws the night's prompts, each with a known probability.
// Thread contract: pure but for reading the log or the file; bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/event_log.h"
#include "nightly/work_file.h"
#include "suffice/config.h"

namespace suffice {

struct SampleOptions {
  int64_t sample = 1000;  // prompts to draw
  uint64_t seed = 0;
  int64_t after_seq = 0;  // decisions with after_seq < seq <= end_seq are drawn from
  int64_t end_seq = 0;
  std::function<void(double)> progress;  // may be empty; a fraction in [0, 1]
};

struct DrawnSample {
  std::vector<NightlySample> samples;  // numbered from 1
  int64_t population = 0;              // that they were drawn from
  int64_t without_prompt = 0;          // decisions of the log that have none, and so stand outside of the population
  std::string summary;                 // for people, one line
};

// From the decisions (evaluations left out) whose prompt was stored. Strata are tier x tenant x certainty of the
// decision, in thirds (fewer where there are more strata than half the sample); within a stratum the n of the smallest
// seeded hashes of their ids are drawn, so each of its N decisions has probability n / N. Of the uncertain thirds more
// are drawn: 2 : 1.5 : 1. Reads the log twice.
// FAILED_PRECONDITION: no decision has its prompt; says what can be done.
absl::StatusOr<DrawnSample> SampleLog(EventLog& log, const SampleOptions& options);

// From a file of JSON Lines: {"prompt", "id"?, "reference"?, "tenant"?}; without an id it is "line-N". A simple random
// sample by seeded hash of the id: every prompt has probability n / N. Sketches get the log's salt.
// INVALID_ARGUMENT "file:line: ...": malformed, or an id twice among the drawn. NOT_FOUND: no such file.
absl::StatusOr<DrawnSample> SamplePromptFile(const std::string& path, const FeatureConfig& features, uint64_t salt,
                                             const SampleOptions& options);

}  // namespace suffice
