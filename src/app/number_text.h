// Numbers as people read them.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace suffice {

// "12,345".
std::string CountText(int64_t count);
// "$1,234.50"; under a dollar three significant digits: "$0.000350".
std::string UsdText(double usd);
// "4.8%" of a share.
std::string PercentText(double share);
// "45 s", "12 min", "3 h 05 min", "2 d 04 h". Negative: "0 s".
std::string DurationText(int64_t micros);

}  // namespace suffice
