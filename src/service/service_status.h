// What the admin service, its JSON and the metrics tell: the engine's status, and what the service knows besides.
// Thread contract: thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "suffice/engine.h"

namespace suffice {

// A budget for each tenant can have very many accounts: at most this many are told.
inline constexpr size_t kMaxReportedAccounts = 1000;

struct ServiceReport {
  EngineStatus engine;           // with at most kMaxReportedAccounts budgets
  int64_t omitted_accounts = 0;  // of budgets
  std::string reload_error;      // why the last reload was refused; empty: it was not, or there was none
};

// Leaves `limit` accounts in their order: first those of no single tenant, then the largest by dollars spent, reserved
// and exposed. Returns how many were left out.
int64_t KeepLargestAccounts(size_t limit, std::vector<BudgetStatus>& budgets);

class ServiceStatus {
 public:
  // From here on there is something to report. The engine is not owned, and must live until Forget.
  void Serve(Engine* engine);
  // New requests are not taken any more, while those in flight finish.
  void Drain();
  // Returns once nobody reads the engine here.
  void Forget();
  // What became of reading the configuration again.
  void NoteReload(const absl::Status& status);

  bool serving() const;
  // Nothing before Serve and after Forget.
  std::optional<ServiceReport> Report() const;

 private:
  mutable absl::Mutex mutex_;
  Engine* engine_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  std::string reload_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace suffice
