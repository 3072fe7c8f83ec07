// The report as one HTML page with pictures; needs nothing else, no scripts.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "measurements.h"

namespace suffice::load {

// REQUIRES: every part was measured.
std::string ToHtml(const Measurements& measured);

}  // namespace suffice::load
