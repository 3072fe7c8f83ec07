// What play tells while it runs.
#include "app/play_tally.h"

#include "catch.h"

namespace suffice {

TEST_CASE("means are from the start, shares of the latest decisions, and the snapshot never goes back") {
  PlayTally tally({"small", "large"});
  tally.Add(0, 1, 0.001, 7);
  CHECK(tally.Line() == "1 decisions, quality 1.0000, $0.001000/request, small 100% large 0%, snapshot 7");
  tally.Add(1, 0.5, 0.003, 6);
  CHECK(tally.Line() == "2 decisions, quality 0.7500, $0.002000/request, small 50% large 50%, snapshot 7");
  for (size_t i = 0; i < PlayTally::kRecent; ++i) tally.Add(1, 0, 0, 9);
  CHECK(tally.decisions() == static_cast<int64_t>(PlayTally::kRecent) + 2);
  CHECK(tally.Line() == "202 decisions, quality 0.0074, $0.000020/request, small 0% large 100%, snapshot 9");
}

}  // namespace suffice
