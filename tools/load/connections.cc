#include "connections.h"

#include <grpcpp/create_channel.h>

namespace suffice::load {

Connections::Connections(const std::string& address, int count) {
  for (int i = 0; i < count; ++i) {
    grpc::ChannelArguments arguments;
    // Channels with the same arguments would share one connection.
    arguments.SetInt("suffice.connection", i);
    stubs_.push_back(
        v1::RouterService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
}

}  // namespace suffice::load
