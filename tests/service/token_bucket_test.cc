#include "service/token_bucket.h"

#include <thread>
#include <vector>

#include "catch.h"

namespace suffice {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST_CASE("a burst at once, then the rate", "[token_bucket]") {
  TokenBucket bucket(10, 3);
  const int64_t now = 100 * kSecond;
  for (int i = 0; i < 3; ++i) CHECK(bucket.Take(now) == 0);
  CHECK(bucket.Take(now) == kSecond / 10);
  CHECK(bucket.Take(now + kSecond / 20) == kSecond / 20);
  CHECK(bucket.Take(now + kSecond / 10) == 0);
  CHECK(bucket.Take(now + kSecond / 10) == kSecond / 10);
  // A long silence fills it, and no further.
  for (int i = 0; i < 3; ++i) CHECK(bucket.Take(now + 60 * kSecond) == 0);
  CHECK(bucket.Take(now + 60 * kSecond) == kSecond / 10);
}

TEST_CASE("threads take no more than there is", "[token_bucket]") {
  TokenBucket bucket(1, 1000);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) taken += bucket.Take(kSecond) == 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 1000);
}

}  // namespace
}  // namespace suffice
