#include "base/ids.h"

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
