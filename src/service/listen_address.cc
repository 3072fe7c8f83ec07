#include "service/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "suffice/status.h"

namespace suffice {

bool ListenAddress::IsLoopback() const {
  if (host == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string ListenAddress::ToString() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text, std::string_view field) {
  const auto error = [&] {
    return InvalidField(field,
                        fmt::format("expected host:port, for example 127.0.0.1:7433 or [::1]:7433, got \"{}\"", text));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return error();
  ListenAddress address{.host = text.substr(0, colon)};
  const bool brackets = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  if (brackets) address.host = address.host.substr(1, address.host.size() - 2);
  if (!brackets && address.host.find(':') != std::string::npos) return error();
  if (!absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 || address.port > 65535)
    return error();
  return address;
}

absl::Status CheckReach(const ListenAddress& address, bool insecure_bind) {
  if (insecure_bind || address.IsLoopback()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "refusing to listen on {}: other machines could reach it, in plain text; "
      "bind to a loopback address, set serve.tls (of the gRPC port), or allow it with --insecure-bind",
      address.ToString()));
}

}  // namespace suffice
