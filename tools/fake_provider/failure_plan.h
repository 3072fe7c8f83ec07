// Which requests fail, and how: by count or by probability, as told on the command line.
// Thread contract: belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice::fake {

enum class FailureKind { kStatus, kHang, kTrickle, kCut, kMalformed, kWrongModel, kRefusal, kGarbled };

struct Failure {
  FailureKind kind = FailureKind::kStatus;
  std::string name;         // as given: 429, hang, ...
  int status = 500;         // kStatus
  std::string retry_after;  // kStatus: the header; empty: none
  double delay_s = 0.05;    // kTrickle: before each byte
  std::string model;        // only requests for it; empty: all
  // One of these says when.
  int64_t every = 0;  // every so many requests (that it may concern)
  int64_t at = 0;     // one request: 1 is the first
  int64_t first = 0;  // so many requests from the start
  double probability = 0;
};

// "kind=429,retry_after=0.05,every=7". INVALID_ARGUMENT names the key and what was expected.
absl::StatusOr<Failure> ParseFailure(const std::string& text);
// What --help says about it.
std::string FailureHelp();

class FailurePlan {
 public:
  FailurePlan(std::vector<Failure> failures, uint64_t seed);
  // Counts a request; how it fails, the first rule that fits; null: it does not.
  const Failure* Next(const std::string& model);

 private:
  std::vector<Failure> failures_;
  std::vector<int64_t> counts_;  // of requests that each may concern
  uint64_t seed_ = 0;
};

}  // namespace suffice::fake
