// Overrides ("--set key.path=value") as changes of the YAML tree, before it is decoded: whatever is wrong with them is
// found by the decoder, like anything else.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/yaml_tree.h"

namespace suffice {

// Applies them in order. Maps that a path goes through are made when missing; elements of lists must be there.
void ApplyOverrides(const std::vector<std::string>& overrides, YamlNode& root, Diagnostics& diagnostics);

}  // namespace suffice
