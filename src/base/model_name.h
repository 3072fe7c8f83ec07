// Names of models, as providers write them.
// Thread contract: pure functions.
#pragma once

#include <string_view>

namespace suffice {

// Whether `served`, as the provider named it, is `asked`: the same name, or one that goes on after '-', '@' or ':'
// (providers answer with dated names).
bool IsSameModel(std::string_view asked, std::string_view served);

}  // namespace suffice
