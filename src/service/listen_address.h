// "host:port" to listen on, and whether it can be reached from other machines.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace suffice {

struct ListenAddress {
  std::string host;  // without the brackets of an IPv6 address
  int port = 0;      // 0: any free one

  // 127.0.0.0/8, ::1 or localhost.
  bool IsLoopback() const;
  // "host:port", with brackets around an IPv6 address.
  std::string ToString() const;
};

// INVALID_ARGUMENT naming `field`.
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text, std::string_view field = "listen");
// FAILED_PRECONDITION for an address that other machines can reach, unless `insecure_bind` allows it.
absl::Status CheckReach(const ListenAddress& address, bool insecure_bind);

}  // namespace suffice
