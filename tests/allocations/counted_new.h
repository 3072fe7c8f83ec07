// The program's operator new, counted. (The operators have a file of their own: where the compiler sees through them it
// warns of free.) Thread contract: thread-safe.
#pragma once

#include <cstdint>

namespace suffice {

int64_t AllocationsSoFar();

}  // namespace suffice
