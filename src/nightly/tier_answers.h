// Sends every sample to every tier that has not answered it.
// Thread contract: confined to one thread; blocks on the network and the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "nightly/work_file.h"
#include "provider/chat_client.h"
#include "suffice/config.h"

namespace suffice {

// What a step that pays did.
struct PaidStep {
  int64_t asked = 0;     // calls or judgements made now
  int64_t kept = 0;      // that were there already
  int64_t failed = 0;    // of all that are there now: without an answer or a score
  double spent_usd = 0;  // by the run so far
};

struct TierAnswersOptions {
  bool retry_failed = false;             // also those that ended in an error before
  std::function<void(double)> progress;  // may be empty; a fraction in [0, 1]
};

// Each answer is committed as it comes; errors and refusals are answers too, and are not asked again, unless
// `retry_failed`, or more than half of what a tier answered are errors (its provider was away then). Calls carry a key
// made of all that they ask, so a provider that was asked just before a kill does not bill again.
// RESOURCE_EXHAUSTED: nightly.run_budget_usd does not cover the rest; what was answered is kept. UNAVAILABLE: more than
// half of a tier's calls failed. Other errors: of the client or the disk.
absl::StatusOr<PaidStep> RunTiers(WorkFile& file, const NightlyRun& run, const Config& config, ChatClient& client,
                                  const TierAnswersOptions& options);

// What a call costs at most: a token a byte and a chat's wrapping, and the longest answer.
double WorstCallUsd(const Price& price, size_t prompt_bytes, int64_t max_output_tokens);

// A name for a call: the same for the same run, sample, tier (or judge) and contents, and for nothing else.
std::string CallKey(const NightlyRun& run, std::string_view kind, int64_t sample, std::string_view who,
                    std::string_view contents);

}  // namespace suffice
