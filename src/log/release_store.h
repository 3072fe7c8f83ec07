// Releases and promotions of a log's file, through a short-lived connection of its own: also beside a running server,
// which sees a promotion within a second.
// Thread contract: confined to one thread. May block on I/O.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/records.h"

namespace suffice {

class ReleaseStore {
 public:
  // NOT_FOUND: no such file. FAILED_PRECONDITION: not ours, or of another schema than this program's.
  static absl::StatusOr<std::unique_ptr<ReleaseStore>> Open(const std::string& path);
  virtual ~ReleaseStore() = default;

  // Saves the feature set (idempotent) and the release, which gets the next number. Returns the number. When a release
  // with the same kind, fit and note is the newest one already, returns its number: saving can be repeated.
  virtual absl::StatusOr<int64_t> Save(ReleaseRecord release, const std::string& feature_bytes) = 0;
  // Without `fit`; in order.
  virtual absl::StatusOr<std::vector<ReleaseRecord>> Releases() = 0;
  virtual absl::StatusOr<ReleaseRecord> Load(int64_t number) = 0;  // NOT_FOUND
  virtual absl::StatusOr<std::vector<PromotionRecord>> Promotions() = 0;  // in order
  // The release that makes the decisions, or most of them while another one is being ramped up; 0: none.
  absl::StatusOr<int64_t> InForce();
  // Returns the seq. NOT_FOUND: no such release (0 is always there). FAILED_PRECONDITION: it is in force already.
  virtual absl::StatusOr<int64_t> Promote(PromotionRecord promotion) = 0;
};

}  // namespace suffice
