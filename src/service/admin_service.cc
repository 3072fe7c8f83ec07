#include "service/admin_service.h"

#include "service/convert_status.h"
#include "service/errors.h"

namespace suffice {

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::AdminServiceGetStatusRequest*,
                                                  v1::AdminServiceGetStatusResponse* response) {
  auto* reactor = context->DefaultReactor();
  if (const auto caller = admission_->Admit(*context, kAdminScope); !caller.ok()) {
    reactor->Finish(ToGrpcStatus(caller.status()));
  } else if (const std::optional<ServiceReport> report = status_->Report()) {
    ToProto(*report, response);
    reactor->Finish(grpc::Status::OK);
  } else {
    reactor->Finish(ToGrpcStatus(StartingError()));
  }
  return reactor;
}

}  // namespace suffice
