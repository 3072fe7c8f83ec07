// The rpcs of suffice.v1.AdminService, with gRPC's callback API: nothing here blocks on I/O.
// Thread contract: thread-safe.
#pragma once

#include "service/admission.h"
#include "service/service_status.h"
#include "suffice/v1/admin.grpc.pb.h"

namespace suffice {

class AdminService final : public v1::AdminService::CallbackService {
 public:
  // Not owned.
  AdminService(const ServiceStatus* status, const Admission* admission) : status_(status), admission_(admission) {}

  // UNAVAILABLE with reason STARTING until there is an engine.
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::AdminServiceGetStatusRequest* request,
                                      v1::AdminServiceGetStatusResponse* response) override;

 private:
  const ServiceStatus* const status_;
  const Admission* const admission_;
};

}  // namespace suffice
