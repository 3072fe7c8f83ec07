// The state of a server as lines for people: what `suffice status` shows.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "app/styled_text.h"
#include "suffice/v1/admin.pb.h"

namespace suffice {

// A bar of `width` characters between brackets: '#' for spent, 'x' for exposed, '=' for reserved, '.' for what is left,
// and '|' where the pace is. REQUIRES: width > 0.
std::string BudgetBar(const v1::BudgetStatus& budget, int width);

// The whole view, uncut. `columns`: of the terminal, for the width of the bars; 0: no terminal.
std::vector<Line> StatusLines(const v1::AdminServiceGetStatusResponse& status, int columns);

}  // namespace suffice
