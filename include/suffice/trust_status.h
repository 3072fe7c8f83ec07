// Who departs from the rest: what `suffice status`, the admin service and the metrics report.
// Thread contract: plain data.
#pragma once

#include <cstdint>
#include <string>

namespace suffice {

// A sender whose feedback on a tier departs from the other senders' (trust.alarm).
struct SenderStatus {
  std::string sender;    // name of a bearer key; without keys a tenant
  std::string tier;
  double departure = 0;  // of its rewards from the others', in standard errors; negative: it reports less
  double share = 0;      // of the tier's newest feedback
  double weight = 1;     // that its rewards have now, in (0, 1]
};

// A tenant whose share of the dearest tier departs from what it was, and from all tenants'.
struct TenantStatus {
  std::string tenant;
  double share = 0;        // of its newest decisions that took the dearest tier
  double usual_share = 0;  // before
  double departure = 0;    // of its change from all tenants', in standard errors; positive: dearer
};

}  // namespace suffice
