#include "service/service_status.h"

#include <algorithm>
#include <numeric>

namespace suffice {
namespace {

bool ComesFirst(const BudgetStatus& a, const BudgetStatus& b) {
  if (a.tenant.empty() != b.tenant.empty()) return a.tenant.empty();
  return a.spent_usd + a.reserved_usd + a.exposure_usd > b.spent_usd + b.reserved_usd + b.exposure_usd;
}

}  // namespace

int64_t KeepLargestAccounts(size_t limit, std::vector<BudgetStatus>& budgets) {
  if (budgets.size() <= limit) return 0;
  std::vector<size_t> order(budgets.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ComesFirst(budgets[a], budgets[b]); });
  const auto omitted = static_cast<int64_t>(order.size() - limit);
  order.resize(limit);
  std::sort(order.begin(), order.end());
  std::vector<BudgetStatus> kept;
  kept.reserve(limit);
  for (const size_t i : order) kept.push_back(std::move(budgets[i]));
  budgets = std::move(kept);
  return omitted;
}

void ServiceStatus::Serve(Engine* engine) {
  absl::MutexLock lock(&mutex_);
  engine_ = engine;
  serving_ = true;
}

void ServiceStatus::Drain() {
  absl::MutexLock lock(&mutex_);
  serving_ = false;
}

void ServiceStatus::Forget() {
  absl::MutexLock lock(&mutex_);
  engine_ = nullptr;
  serving_ = false;
}

void ServiceStatus::NoteReload(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  reload_error_ = std::string(status.message());
}

bool ServiceStatus::serving() const {
  absl::ReaderMutexLock lock(&mutex_);
  return serving_;
}

std::optional<ServiceReport> ServiceStatus::Report() const {
  absl::ReaderMutexLock lock(&mutex_);
  if (engine_ == nullptr) return std::nullopt;
  ServiceReport report{.engine = engine_->Status(), .reload_error = reload_error_};
  report.omitted_accounts = KeepLargestAccounts(kMaxReportedAccounts, report.engine.budgets);
  return report;
}

}  // namespace suffice
