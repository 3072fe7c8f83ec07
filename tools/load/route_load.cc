#include "route_load.h"

namespace suffice::load {
namespace {

// Shared by the calls of one load.
struct Cursor {
  std::vector<v1::RouteRequest> requests;
  size_t next = 0;
  size_t made = 0;
};

}  // namespace

CallMaker RouteCalls(const std::vector<std::string>& prompts, const Connections& connections,
                     std::chrono::milliseconds patience) {
  const auto cursor = std::make_shared<Cursor>();
  for (const std::string& prompt : prompts) {
    v1::RouteRequest request;
    request.set_prompt(prompt);
    request.set_tenant("acme");
    cursor->requests.push_back(std::move(request));
  }
  return [cursor, &connections, patience] {
    const auto next = [cursor]() -> const v1::RouteRequest& {
      return cursor->requests[cursor->next++ % cursor->requests.size()];
    };
    return MakeUnaryCall(connections.stub(cursor->made++), &v1::RouterService::Stub::AsyncRoute, next, patience);
  };
}

}  // namespace suffice::load
