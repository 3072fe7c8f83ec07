#include "service/key_ring.h"

#include "base/hash.h"
#include "catch.h"

namespace suffice {
namespace {

std::string Entry(const std::string& name, const std::string& key, const std::string& more = "") {
  return "- name: " + name + "\n  sha256: \"" + Sha256Hex(key) + "\"\n  scopes: [route, feedback]\n" + more;
}

std::string ErrorOf(const std::string& yaml) {
  const auto ring = KeyRing::Parse(yaml, "keys.yaml");
  REQUIRE_FALSE(ring.ok());
  return std::string(ring.status().message());
}

TEST_CASE("keys are found by their hash", "[key_ring]") {
  const auto ring = KeyRing::Parse(
      Entry("a", "first") + Entry("b", "second", "  tenant: shop\n  requests_per_second: 2.5\n"), "keys.yaml");
  REQUIRE(ring.ok());
  REQUIRE((*ring)->Find("second") != nullptr);
  const ApiKey& key = *(*ring)->Find("second");
  CHECK(key.name == "b");
  CHECK(key.tenant == "shop");
  CHECK(key.scopes == (kRouteScope | kFeedbackScope));
  CHECK(key.burst == 2.5);
  CHECK((*ring)->Find("first")->bucket == nullptr);
  CHECK((*ring)->Find("third") == nullptr);
  CHECK((*ring)->Find("") == nullptr);
  CHECK((*ring)->Find(Sha256Hex("first")) == nullptr);
}

TEST_CASE("a bucket lives through a reload, unless its limit changed", "[key_ring]") {
  const auto parse = [](const std::string& limit, const KeyRing* previous) {
    const auto ring = KeyRing::Parse(Entry("a", "k", limit), "keys.yaml", previous);
    REQUIRE(ring.ok());
    return *ring;
  };
  const auto first = parse("  requests_per_second: 1\n", nullptr);
  const auto same = parse("  requests_per_second: 1\n", first.get());
  const auto other = parse("  requests_per_second: 2\n", first.get());
  CHECK(same->Find("k")->bucket == first->Find("k")->bucket);
  CHECK(other->Find("k")->bucket != first->Find("k")->bucket);
}

TEST_CASE("what is wrong is named with its place, and no key is repeated", "[key_ring]") {
  const std::string plain = ErrorOf("- name: a\n  sha256: my-secret\n  scopes: [route]\n");
  CHECK(plain.starts_with("keys.yaml:2:"));
  CHECK(plain.find("0.sha256") != std::string::npos);
  CHECK(plain.find("my-secret") == std::string::npos);
  CHECK(ErrorOf("- name: a\n  scopes: [route]\n").find("0.sha256: required") != std::string::npos);
  CHECK(ErrorOf(Entry("a", "k", "  bogus: 1\n")).find("keys.yaml:4:") == 0);
  CHECK(ErrorOf(Entry("a", "k") + Entry("a", "l")).find("1.name") != std::string::npos);
  CHECK(ErrorOf(Entry("a", "k") + Entry("b", "k")).find("1.sha256") != std::string::npos);
  CHECK(ErrorOf(Entry("a", "k", "  burst: 3\n")).find("0.burst") != std::string::npos);
  CHECK(ErrorOf(Entry("a", "k", "  requests_per_second: -1\n")).find("0.requests_per_second") != std::string::npos);
  const std::string hash = Sha256Hex("k");
  CHECK(ErrorOf("- name: a\n  sha256: \"" + hash + "\"\n  scopes: [root]\n").find("0.scopes") != std::string::npos);
  CHECK(ErrorOf("- name: a\n  sha256: \"" + hash + "\"\n  scopes: []\n").find("0.scopes") != std::string::npos);
  CHECK(ErrorOf("- name: a\n  sha256: \"" + hash + "\"\n  scopes: [admin]\n  tenant: t\n").find("0.tenant") !=
        std::string::npos);
  CHECK(ErrorOf("name: a\n").find("expected a list") != std::string::npos);
}

TEST_CASE("an empty file knows nobody", "[key_ring]") {
  const auto ring = KeyRing::Parse("# none yet\n", "keys.yaml");
  REQUIRE(ring.ok());
  CHECK((*ring)->Find("k") == nullptr);
}

}  // namespace
}  // namespace suffice
