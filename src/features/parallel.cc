#include "features/parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace suffice {

void ParallelFor(int threads, size_t pieces, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  const auto run = [&] {
    for (size_t i = next.fetch_add(1); i < pieces; i = next.fetch_add(1)) work(i);
  };
  std::vector<std::thread> others;
  const size_t wanted = std::min(static_cast<size_t>(std::max(threads, 1)), std::max<size_t>(pieces, 1));
  try {
    while (others.size() + 1 < wanted) others.emplace_back(run);
  } catch (const std::system_error&) {
    // No more threads are to be had: those that are there do the work.
  }
  run();
  for (std::thread& other : others) other.join();
}

}  // namespace suffice
