// Soft budgets, paced: what the decisions to come may cost on average, by what is left and how many are expected.
//
// target = max(0, usd - spent - in flight as expected - exposure) / decisions still expected in the period, computed
// anew at every snapshot (receding horizon; Balseiro and Gur 2019 pace alike with a gradient). A decision counts for a
// tenant's budget when it is that tenant's; for a budget of one tier all of them count, whichever tier serves, because
// the tier is what pacing chooses.
// Thread contract: thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limits/arrival_profile.h"
#include "limits/ledger.h"
#include "limits/paced_budget.h"
#include "suffice/limit_status.h"

namespace suffice {

class Pacing {
 public:
  // Tenants beyond this many have no profile of their own and are paced by everybody's.
  static constexpr size_t kMaxTenants = 10'000;

  // One decision. `own`: a soft budget has an account for the tenant.
  void Add(std::string_view tenant, bool own, int64_t time_us);

  // REQUIRES: the ledger has been expired by `now_us`.
  std::vector<PacedBudget> Targets(const Ledger& ledger, int64_t now_us) const;
  // Every account of the ledger, with where it should stand by now.
  std::vector<BudgetStatus> Status(const Ledger& ledger, int64_t now_us) const;

  void AppendTo(ByteSink& sink) const;
  bool ReadFrom(ByteSource& source);  // false: malformed

 private:
  const ArrivalProfile& ProfileOf(std::string_view tenant) const;

  ArrivalProfile everybody_;
  std::map<std::string, ArrivalProfile, std::less<>> tenants_;
};

}  // namespace suffice
