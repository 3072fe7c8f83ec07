// What a sketch is, written down as plainly as it can be, to hold the quick one against.
#pragma once

#include <string_view>

#include "features/sketch.h"

namespace suffice {

Sketch PlainSketch(std::string_view text, uint64_t salt);

}  // namespace suffice
