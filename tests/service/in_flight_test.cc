#include "service/in_flight.h"

#include <thread>
#include <vector>

#include "catch.h"
#include "service/errors.h"

namespace suffice {
namespace {

using Kind = InFlight::Kind;

TEST_CASE("records use at most three quarters, Route all", "[in_flight]") {
  InFlight in_flight(4);
  for (int i = 0; i < 3; ++i) REQUIRE(in_flight.Enter(Kind::kRecord).ok());
  const absl::Status refused = in_flight.Enter(Kind::kRecord);
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(ReasonOf(refused) == "OVERLOADED");
  CHECK(in_flight.Enter(Kind::kRoute).ok());
  CHECK_FALSE(in_flight.Enter(Kind::kRoute).ok());
  in_flight.Leave(Kind::kRecord);
  CHECK(in_flight.Enter(Kind::kRoute).ok());
  CHECK_FALSE(in_flight.Enter(Kind::kRecord).ok());
}

TEST_CASE("a bound of one serves both, one at a time", "[in_flight]") {
  InFlight in_flight(1);
  REQUIRE(in_flight.Enter(Kind::kRecord).ok());
  CHECK_FALSE(in_flight.Enter(Kind::kRoute).ok());
  in_flight.Leave(Kind::kRecord);
  REQUIRE(in_flight.Enter(Kind::kRoute).ok());
  CHECK_FALSE(in_flight.Enter(Kind::kRecord).ok());
}

TEST_CASE("a changed bound holds for what comes", "[in_flight]") {
  InFlight in_flight(2);
  REQUIRE(in_flight.Enter(Kind::kRoute).ok());
  REQUIRE(in_flight.Enter(Kind::kRoute).ok());
  in_flight.SetLimit(1);
  in_flight.Leave(Kind::kRoute);
  CHECK_FALSE(in_flight.Enter(Kind::kRoute).ok());
  in_flight.SetLimit(2);
  CHECK(in_flight.Enter(Kind::kRoute).ok());
}

TEST_CASE("nothing is lost or counted twice between threads", "[in_flight]") {
  InFlight in_flight(3);
  std::vector<std::thread> threads;
  for (const Kind kind : {Kind::kRoute, Kind::kRecord, Kind::kRoute, Kind::kRecord}) {
    threads.emplace_back([&in_flight, kind] {
      for (int i = 0; i < 20000; ++i) {
        if (in_flight.Enter(kind).ok()) in_flight.Leave(kind);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 3; ++i) CHECK(in_flight.Enter(Kind::kRoute).ok());
  CHECK_FALSE(in_flight.Enter(Kind::kRoute).ok());
}

}  // namespace
}  // namespace suffice
