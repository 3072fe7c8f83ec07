// Seeds that are lived through. SUFFICE_SEED=N runs that one; SUFFICE_SEEDS=N runs so many from 1 on.
#include <fmt/format.h>

#include <cstdlib>

#include "catch.h"
#include "simulation/simulation.h"

namespace suffice {
namespace {

constexpr int kSteps = 400;
constexpr uint64_t kSeeds = 6;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void Live(uint64_t seed) {
  INFO(fmt::format("this again: SUFFICE_SEED={} ctest --test-dir build -R simulation --output-on-failure", seed));
  Simulation simulation(seed);
  for (int step = 0; step < kSteps; ++step) {
    INFO("step " << step);
    simulation.Step();
  }
  simulation.End();
}

}  // namespace

TEST_CASE("clients, repeats, delays, restarts, drift, prices and a clock that steps: what must hold holds") {
  if (const uint64_t seed = FromEnvironment("SUFFICE_SEED", 0); seed != 0) return Live(seed);
  const uint64_t seeds = FromEnvironment("SUFFICE_SEEDS", kSeeds);
  for (uint64_t seed = 1; seed <= seeds; ++seed) Live(seed);
}

}  // namespace suffice
