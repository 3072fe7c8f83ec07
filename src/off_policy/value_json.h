// Estimates as JSON.
// Thread contract: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "off_policy/policy_value.h"

namespace suffice {

nlohmann::ordered_json FiniteOrNull(double value);
nlohmann::ordered_json ToJson(const ValueEstimate& estimate);
std::string_view ToString(Estimator estimator);  // "dr", "snips", "ips", "dm", "switch_dr"

}  // namespace suffice
