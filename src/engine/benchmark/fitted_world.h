// A made-up world for measuring decisions: prompts of Zipf-distributed words, a projection that was fitted on them, and
// tiers that know 5,000 answers each. The same arguments give the same world.
// Thread contract: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "learner/snapshot.h"
#include "suffice/config.h"

namespace suffice {

// `count` prompts of `bytes` bytes each.
std::vector<std::string> MakePrompts(int count, size_t bytes, uint64_t seed);

// A live configuration of `tiers` tiers, each dearer than the one before, with a price of cost.
Config MakeFittedConfig(int tiers, PolicyKind policy);

// A snapshot whose x has `dimensions` dimensions, all of them in use by every model. REQUIRES: dimensions > 9.
SnapshotPtr MakeFittedSnapshot(const Config& config, int dimensions);

}  // namespace suffice
