#include "service/message_pool.h"

#include <string>
#include <vector>

#include "catch.h"
#include "suffice/v1/router.pb.h"

namespace suffice {
namespace {

using Pool = MessagePool<v1::RouteRequest, v1::RouteResponse>;

}  // namespace

TEST_CASE("messages come back empty, and large ones do not come back", "[service]") {
  Pool pool;
  auto* messages = pool.AllocateMessages();
  messages->request()->set_prompt(std::string(1000, 'x'));
  messages->request()->add_allowed_tiers("strong");
  messages->response()->set_tier("strong");
  messages->response()->add_fallbacks("cheap");
  messages->Release();
  REQUIRE(pool.spare() == 1);
  auto* again = pool.AllocateMessages();
  CHECK(again == messages);
  CHECK(again->request()->ByteSizeLong() == 0);
  CHECK(again->response()->ByteSizeLong() == 0);
  again->request()->set_prompt(std::string(100'000, 'x'));
  again->Release();
  CHECK(pool.spare() == 0);
}

TEST_CASE("however requests look, a pool keeps little", "[service]") {
  Pool pool;
  // Each has its large part elsewhere, so that what is kept of all of them would add up.
  size_t most = 0;
  for (int round = 0; round < 400; ++round) {
    auto* messages = pool.AllocateMessages();
    for (int i = 0; i <= round; ++i) messages->request()->add_allowed_tiers(i == round ? std::string(8000, 'x') : "");
    most = std::max(most, messages->request()->SpaceUsedLong());
    messages->Release();
  }
  CHECK(most < 64'000 + 17 * 16'000);

  std::vector<grpc::MessageHolder<v1::RouteRequest, v1::RouteResponse>*> taken;
  for (int i = 0; i < 500; ++i) taken.push_back(pool.AllocateMessages());
  for (auto* messages : taken) messages->Release();
  CHECK(pool.spare() <= 64);
}

}  // namespace suffice
