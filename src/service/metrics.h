// The state of the service as Prometheus metrics. Everything is collected when it is asked for: Route counts nothing
// for it. README.md lists the names. Thread contract: thread-safe.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "service/service_status.h"

namespace suffice {

class StatusMetrics final : public prometheus::Collectable {
 public:
  // Not owned.
  explicit StatusMetrics(const ServiceStatus* status) : status_(status) {}
  // Before and after the engine is open only suffice_build_info and suffice_serving.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const ServiceStatus* const status_;
};

// What Collect makes of a report, without suffice_serving.
std::vector<prometheus::MetricFamily> MetricsOf(const ServiceReport& report);
// In Prometheus' text format, version 0.0.4.
std::string MetricsText(const std::vector<prometheus::MetricFamily>& families);

}  // namespace suffice
