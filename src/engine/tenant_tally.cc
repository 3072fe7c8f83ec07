#include "engine/tenant_tally.h"

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

constexpr double kNowFade = 1 - 1.0 / 50, kUsualFade = 1 - 1.0 / 1000;  // a decision
constexpr int64_t kFewest = 500;  // decisions before a tenant has something usual
constexpr double kLeastShare = 0.02;  // that the variance is taken of: never seen is not never

// Decisions that a mean of fading ones is worth: (sum w)^2 / sum w^2.
double Worth(double fade) { return (1 + fade) / (1 - fade); }

}  // namespace

bool IsDearest(const std::string& tier, const std::vector<TierView>& views) {
  const TierView* dearest = nullptr;
  for (const TierView& view : views) {
    if (dearest == nullptr || view.cost_usd > dearest->cost_usd) dearest = &view;
  }
  return views.size() > 1 && dearest->tier == tier;
}

void TenantTally::Share::Add(double fade, bool is_dearest) {
  n = n * fade + 1;
  dearest = dearest * fade + (is_dearest ? 1 : 0);
}

void TenantTally::Shares::Add(bool is_dearest) {
  ++decisions;
  now.Add(kNowFade, is_dearest);
  usual.Add(kUsualFade, is_dearest);
}

void TenantTally::Add(const std::string& tenant, bool dearest) {
  absl::MutexLock lock(&mutex_);
  if (tenants_.size() >= kTenants && !tenants_.contains(tenant)) {
    tenants_.erase(std::min_element(tenants_.begin(), tenants_.end(), [](const auto& a, const auto& b) {
      return a.second.last < b.second.last;
    }));
  }
  Shares& shares = tenants_[tenant];
  shares.last = ++decisions_;
  shares.Add(dearest);
}

std::vector<TenantStatus> TenantTally::Departing(double alarm) const {
  std::vector<TenantStatus> departing;
  if (alarm == 0) return departing;
  absl::MutexLock lock(&mutex_);
  // A change that all tenants make is a change of the tiers or of the limits. The median: one tenant's does not move it.
  std::vector<double> changes;
  for (const auto& [name, shares] : tenants_) {
    if (shares.decisions >= kFewest) changes.push_back(shares.Change());
  }
  if (changes.empty()) return departing;
  double common = 0;
  if (changes.size() > 2) {
    const auto middle = changes.begin() + std::ssize(changes) / 2;
    std::nth_element(changes.begin(), middle, changes.end());
    common = *middle;
  }
  const double worth = 1 / (1 / Worth(kNowFade) + 1 / Worth(kUsualFade));
  for (const auto& [name, shares] : tenants_) {
    if (shares.decisions < kFewest) continue;
    const double usual = shares.usual.Mean(), p = std::clamp(usual, kLeastShare, 1 - kLeastShare);
    const double departure = (shares.Change() - common) / std::sqrt(p * (1 - p) / worth);
    if (std::abs(departure) < alarm) continue;
    departing.push_back({.tenant = name, .share = shares.now.Mean(), .usual_share = usual, .departure = departure});
  }
  std::sort(departing.begin(), departing.end(), [](const TenantStatus& a, const TenantStatus& b) {
    return std::abs(a.departure) > std::abs(b.departure);
  });
  return departing;
}

}  // namespace suffice
