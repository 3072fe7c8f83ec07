// Text to a flag's value, and a default back to text.
// Thread contract: pure functions, apart from the target that they fill.
#pragma once

#include <string>
#include <vector>

#include "app/flags.h"

namespace suffice {

// Puts `texts` (at least one; several only for vectors) into the target. Returns what was expected when it does not
// fit, and leaves the target alone then; empty: all well. Switches take 1, 0, true and false.
std::string SetFlagValue(const FlagTarget& target, const FlagOptions& options, const std::vector<std::string>& texts);

// The value that stands in the target; empty when there is none to show.
std::string FlagDefault(const FlagTarget& target);

}  // namespace suffice
