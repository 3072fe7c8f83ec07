#include "log/release_columns.h"

namespace suffice {

ReleaseRecord ReadRelease(const Statement& row) {
  return {.number = row.Int(0),
          .time_us = row.Int(1),
          .parent = row.Int(2),
          .kind = row.String(3),
          .feature_version = static_cast<uint64_t>(row.Int(4)),
          .note = row.String(5),
          .report = row.String(6)};
}

PromotionRecord ReadPromotion(const Statement& row) {
  return {.seq = row.Int(0),
          .time_us = row.Int(1),
          .release = row.Int(2),
          .share = row.Double(3),
          .base = row.Int(4),
          .reason = row.String(5)};
}

void BindPromotion(const PromotionRecord& promotion, Statement& insert) {
  insert.BindInt(1, promotion.time_us);
  insert.BindInt(2, promotion.release);
  insert.BindDouble(3, promotion.share);
  insert.BindInt(4, promotion.base);
  insert.BindText(5, promotion.reason);
}

}  // namespace suffice
