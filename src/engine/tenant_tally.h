// How often each tenant gets the dearest tier, now and before: a sudden rise may be prompts that were made to look hard.
// Thread contract: thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "suffice/trust_status.h"
#include "suffice/types.h"

namespace suffice {

// Whether `tier` is predicted to be the dearest of those that a decision saw. One tier alone is not dear.
bool IsDearest(const std::string& tier, const std::vector<TierView>& views);

class TenantTally {
 public:
  static constexpr size_t kTenants = 1024;  // in memory; a new one drives out the one that was silent for longest

  // One decision. Old ones fade: of a tenant's decisions the newest hundred or so are new, the two thousand before usual.
  void Add(const std::string& tenant, bool dearest);
  // The tenants whose share rose or fell, against that of all others in the same time, by at least `alarm` standard
  // errors; strongest first. alarm 0: none.
  std::vector<TenantStatus> Departing(double alarm) const;

 private:
  struct Share {
    double n = 0, dearest = 0;
    void Add(double fade, bool is_dearest);
    double Mean() const { return n > 0 ? dearest / n : 0; }
  };
  struct Shares {
    Share now, usual;
    int64_t decisions = 0;
    int64_t last = 0;  // by the count of all decisions
    void Add(bool is_dearest);
    double Change() const { return now.Mean() - usual.Mean(); }
  };

  mutable absl::Mutex mutex_;
  int64_t decisions_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, Shares> tenants_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace suffice
