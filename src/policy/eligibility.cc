#include <algorithm>

#include "policy/policy.h"

namespace suffice {
namespace {

template <typename Range, typename Value>
bool Contains(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

}  // namespace

ExclusionReason CheckEligibility(const Tier& tier, const Requirements& requirements) {
  if (!requirements.allowed_tiers.empty() && !Contains(requirements.allowed_tiers, tier.name)) {
    return ExclusionReason::kNotAllowed;
  }
  if (!requirements.pinned_tier.empty() && requirements.pinned_tier != tier.name) return ExclusionReason::kNotPinned;
  for (const std::string& capability : requirements.capabilities) {
    if (!Contains(tier.capabilities, capability)) return ExclusionReason::kMissingCapability;
  }
  const bool fits = tier.context_tokens == 0 || requirements.context_tokens <= tier.context_tokens;
  return fits ? ExclusionReason::kNone : ExclusionReason::kContextWindow;
}

}  // namespace suffice
