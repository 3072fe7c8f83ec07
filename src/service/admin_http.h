// What the admin port serves: /metrics (Prometheus text), /healthz (alive), /readyz (200 while requests are taken, else
// 503), /status (the JSON of AdminService.GetStatus), and / (a list of these).
// Thread contract: the handler is thread-safe.
#pragma once

#include "service/http_server.h"
#include "service/service_status.h"

namespace suffice {

// `status` is not owned, and must outlive the handler.
HttpServer::Handler AdminPages(const ServiceStatus* status);

}  // namespace suffice
