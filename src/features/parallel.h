// Runs numbered pieces of work on a few threads. Internal to this room.
#pragma once

#include <cstddef>
#include <functional>

namespace suffice {

// Calls work(i) once for each i in [0, pieces), on at most `threads` threads, the caller's among them, and returns when
// all are done. Which thread runs a piece is not fixed: for the same result with any number of threads, pieces must not
// share sums. `work` must not throw.
void ParallelFor(int threads, size_t pieces, const std::function<void(size_t)>& work);

}  // namespace suffice
