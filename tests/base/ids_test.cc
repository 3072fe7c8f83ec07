#include "base/ids.h"

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "catch.h"

namespace suffice {

TEST_CASE("decision ids increase even when the clock steps back") {
  DecisionIdGenerator generator(7);
  DecisionId last = generator.Next(2'000'000);
  for (int64_t now : {2'000'000, 1'000'000, 2'000'500, 3'000'000, 0}) {
    const DecisionId next = generator.Next(now);
    CHECK(last < next);
    CHECK(last.ToString() < next.ToString());
    last = next;
  }
}

TEST_CASE("ids of many threads are unique, and each thread's own increase, while the clock steps back and forth") {
  DecisionIdGenerator generator(7);
  constexpr int kThreads = 4, kIds = 5000;
  std::vector<std::vector<DecisionId>> made(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&generator, &ids = made[t]] {
      for (int i = 0; i < kIds; ++i) ids.push_back(generator.Next(1'000'000 + (i * 7919) % 1'000'003));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const std::vector<DecisionId>& ids : made) {
    CHECK(std::is_sorted(ids.begin(), ids.end()));
    for (const DecisionId& id : ids) all.insert(id.ToString());
  }
  CHECK(all.size() == size_t{kThreads} * kIds);
}

TEST_CASE("a decision id's text reads back, and nothing else does") {
  const DecisionId id = DecisionIdGenerator(1).Next(1'700'000'000'000'000);
  REQUIRE(DecisionId::Parse(id.ToString()) == id);
  CHECK(id.ToString()[14] == '7');
  for (const char* bad : {"", "x", "018f3c2e-6b1a-7c3d-8e4f-0123456789a", "018f3c2e+6b1a-7c3d-8e4f-0123456789ab",
                          "018f3c2e-6b1a-7c3d-8e4f-0123456789ag"}) {
    CHECK_FALSE(DecisionId::Parse(bad).has_value());
  }
}

TEST_CASE("hashes are stable between releases") {
  CHECK(Hash64("suffice", 0) == Hash64("suffice", 0));
  CHECK(Hash64("suffice", 0) != Hash64("suffice", 1));
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(UnitInterval(~0ULL) < 1.0);
}

}  // namespace suffice
