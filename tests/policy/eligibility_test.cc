#include <string>
#include <vector>

#include "catch.h"
#include "policy/policy.h"

namespace suffice {
namespace {

Tier MakeTier() {
  Tier tier;
  tier.name = "small";
  tier.capabilities = {"tools", "json"};
  tier.context_tokens = 8000;
  return tier;
}

}  // namespace

TEST_CASE("a tier is eligible unless a requirement speaks against it") {
  const Tier tier = MakeTier();
  CHECK(CheckEligibility(tier, {}) == ExclusionReason::kNone);

  const std::vector<std::string> others{"large", "medium"}, with_it{"large", "small"}, none;
  CHECK(CheckEligibility(tier, {.allowed_tiers = others}) == ExclusionReason::kNotAllowed);
  CHECK(CheckEligibility(tier, {.allowed_tiers = with_it}) == ExclusionReason::kNone);
  CHECK(CheckEligibility(tier, {.allowed_tiers = none}) == ExclusionReason::kNone);

  CHECK(CheckEligibility(tier, {.pinned_tier = "large"}) == ExclusionReason::kNotPinned);
  CHECK(CheckEligibility(tier, {.pinned_tier = "small"}) == ExclusionReason::kNone);

  const std::vector<std::string> tools{"json", "tools"}, vision{"tools", "vision"};
  CHECK(CheckEligibility(tier, {.capabilities = tools}) == ExclusionReason::kNone);
  CHECK(CheckEligibility(tier, {.capabilities = vision}) == ExclusionReason::kMissingCapability);

  CHECK(CheckEligibility(tier, {.context_tokens = 8000}) == ExclusionReason::kNone);
  CHECK(CheckEligibility(tier, {.context_tokens = 8001}) == ExclusionReason::kContextWindow);
}

TEST_CASE("a window of 0 is unlimited") {
  Tier tier = MakeTier();
  tier.context_tokens = 0;
  CHECK(CheckEligibility(tier, {.context_tokens = 1'000'000'000}) == ExclusionReason::kNone);
}

TEST_CASE("of several reasons the first is told") {
  const std::vector<std::string> others{"large"}, vision{"vision"};
  const Requirements requirements{
      .capabilities = vision, .allowed_tiers = others, .pinned_tier = "large", .context_tokens = 1'000'000};
  CHECK(CheckEligibility(MakeTier(), requirements) == ExclusionReason::kNotAllowed);
}

}  // namespace suffice
