#include "service/listen_address.h"

#include "catch.h"
#include "suffice/status.h"

namespace suffice {
namespace {

TEST_CASE("addresses that only this machine can reach", "[service]") {
  for (const char* text : {"127.0.0.1:0", "127.8.9.1:80", "localhost:7433", "[::1]:7433"}) {
    const auto address = ParseListenAddress(text);
    REQUIRE(address.ok());
    CHECK(address->IsLoopback());
    CHECK(address->ToString() == text);
  }
  for (const char* text : {"0.0.0.0:7433", "[::]:7433", "10.0.0.1:1", "example.org:7433", "128.0.0.1:1"}) {
    const auto address = ParseListenAddress(text);
    REQUIRE(address.ok());
    CHECK_FALSE(address->IsLoopback());
  }
}

TEST_CASE("what is no address is refused", "[service]") {
  for (const char* text :
       {"", ":7433", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:7433"}) {
    const auto address = ParseListenAddress(text);
    REQUIRE_FALSE(address.ok());
    CHECK(FieldOf(address.status()) == "listen");
  }
}

}  // namespace
}  // namespace suffice
