#include "base/model_name.h"

namespace suffice {

bool IsSameModel(std::string_view asked, std::string_view served) {
  if (!served.starts_with(asked)) return false;
  const std::string_view rest = served.substr(asked.size());
  return rest.empty() || std::string_view("-@:").find(rest.front()) != std::string_view::npos;
}

}  // namespace suffice
