#include "service/bounded_executor.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "catch.h"

namespace suffice {
namespace {

TEST_CASE("a full queue refuses, and what was taken runs before the end", "[service]") {
  absl::Notification started;
  absl::Notification go;
  std::atomic<int> ran{0};
  {
    BoundedExecutor executor(1, 2);
    REQUIRE(executor.TrySubmit([&] {
      started.Notify();
      go.WaitForNotification();
      ++ran;
    }));
    started.WaitForNotification();
    CHECK(executor.TrySubmit([&] { ++ran; }));
    CHECK(executor.TrySubmit([&] { ++ran; }));
    CHECK_FALSE(executor.TrySubmit([&] { ++ran; }));
    go.Notify();
  }
  CHECK(ran == 3);
}

}  // namespace
}  // namespace suffice
