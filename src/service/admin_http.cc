#include "service/admin_http.h"

#include "service/convert_status.h"
#include "service/metrics.h"

namespace suffice {
namespace {

constexpr char kIndex[] = "suffice\n  /metrics\n  /status\n  /readyz\n  /healthz\n";

HttpAnswer Metrics(const ServiceStatus& status) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = MetricsText(StatusMetrics(&status).Collect())};
}

HttpAnswer Readiness(const ServiceStatus& status) {
  if (status.serving()) return {.body = "serving\n"};
  return {.status = 503, .body = "not serving\n"};
}

HttpAnswer Status(const ServiceStatus& status) {
  const std::optional<ServiceReport> report = status.Report();
  if (!report) return {.status = 503, .body = "not serving\n"};
  v1::AdminServiceGetStatusResponse response;
  ToProto(*report, &response);
  std::string json = ToJson(response, JsonLayout::kPretty);
  if (json.empty()) return {.status = 500, .body = "the status has names that are not UTF-8\n"};
  return {.content_type = "application/json", .body = std::move(json)};
}

}  // namespace

HttpServer::Handler AdminPages(const ServiceStatus* status) {
  return [status](std::string_view path) -> HttpAnswer {
    if (path == "/metrics") return Metrics(*status);
    if (path == "/status") return Status(*status);
    if (path == "/readyz") return Readiness(*status);
    if (path == "/healthz") return {.body = "alive\n"};
    if (path == "/") return {.body = kIndex};
    return {.status = 404, .body = "no such page\n"};
  };
}

}  // namespace suffice
