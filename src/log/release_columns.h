// The columns of `releases` and `promotions`, in one place, so that order cannot drift.
#pragma once

#include <string_view>

#include "log/records.h"
#include "log/sqlite.h"

namespace suffice {

// All but `fit`.
inline constexpr std::string_view kReleaseColumns = "number, time_us, parent, kind, feature_version, note, report";
inline constexpr int kReleaseColumnCount = 7;
inline constexpr std::string_view kPromotionColumns = "seq, time_us, release, share, base, reason";

// Read a row of "SELECT <columns>".
ReleaseRecord ReadRelease(const Statement& row);
PromotionRecord ReadPromotion(const Statement& row);
// Binds the parameters of "(time_us, release, share, base, reason)".
void BindPromotion(const PromotionRecord& promotion, Statement& insert);
inline constexpr std::string_view kInsertPromotion =
    "INSERT INTO promotions (time_us, release, share, base, reason) VALUES (?1, ?2, ?3, ?4, ?5)";

}  // namespace suffice
