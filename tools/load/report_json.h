// The report as JSON. README, "Speed", says what each key means.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "measurements.h"

namespace suffice::load {

std::string ToJson(const Measurements& measured);

}  // namespace suffice::load
