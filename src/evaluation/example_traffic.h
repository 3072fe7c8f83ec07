// Traffic of our own making: prompts of many kinds, answered by three made-up tiers whose quality curves are known.
// Routing pays here, as in real traffic: the small tier does easy work well, the large one is worth its price on hard
// work only.
// Thread contract: pure functions.
#pragma once

#include <cstdint>

#include "evaluation/traffic.h"

namespace suffice {

// small, medium and large with their list prices; everything else is default.
std::vector<Tier> ExampleTiers();

// Expected quality, before noise, of tier 0, 1 or 2 on work of this kind (an index into ExamplePromptKinds) and
// difficulty in [0, 1]: low + (high - low) / (1 + exp(8 (difficulty - ability))).
double ExampleQuality(size_t tier, size_t kind, double difficulty);

// `rows` distinct prompts (each a prompt of ours, an opening, a closing that changes the length of answers, and for
// some kinds a made-up document) in random order, with quality, tokens, cost, latency and time to first token of every
// tier. The same seed gives the same rows on every machine, and more rows continue fewer.
Traffic ExampleTraffic(uint64_t seed, int64_t rows);

}  // namespace suffice
