#include "log/records.h"

namespace suffice {

std::string_view ToString(DecisionOrigin origin) {
  switch (origin) {
    case DecisionOrigin::kLive:
      return "live";
    case DecisionOrigin::kApprentice:
      return "apprentice";
    case DecisionOrigin::kLogOnly:
      return "log_only";
    case DecisionOrigin::kEval:
      return "eval";
  }
  return "unknown";
}

}  // namespace suffice
