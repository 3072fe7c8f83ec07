#include "engine/engine_seams.h"

namespace suffice {
namespace {

thread_local const EngineSeams* current = nullptr;

}  // namespace

EngineSeams::EngineSeams(const Clock* clock, uint64_t seed) : clock_(clock), seed_(seed) { current = this; }
EngineSeams::~EngineSeams() { current = nullptr; }
const EngineSeams* EngineSeams::Current() { return current; }

}  // namespace suffice
