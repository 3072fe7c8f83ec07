#include "service/server_set_up.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>

namespace suffice {
namespace {

constexpr int kMaxStreamsPerConnection = 1000;

}  // namespace

void SetUpServer(grpc::ServerBuilder& builder, bool reflection, int64_t max_message_bytes) {
  // Both work for servers built afterwards.
  grpc::EnableDefaultHealthCheckService(true);
  if (reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  // By default a second server could silently share the port.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<int64_t>(max_message_bytes, INT32_MAX)));
}

}  // namespace suffice
