#include "parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>

namespace suffice::load {

std::set<Part> AllParts() {
  std::set<Part> parts;
  for (const auto& [part, name] : kPartNames) parts.insert(part);
  return parts;
}

std::string NamesOfParts() {
  std::string names;
  for (const auto& [part, name] : kPartNames) names += fmt::format("{}{}", names.empty() ? "" : ",", name);
  return names;
}

absl::StatusOr<std::set<Part>> ParseParts(const std::string& names) {
  std::set<Part> parts;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const auto found = std::find_if(std::begin(kPartNames), std::end(kPartNames),
                                    [&name](const auto& known) { return known.second == name; });
    if (found == std::end(kPartNames)) {
      return absl::InvalidArgumentError(fmt::format("--only: expected some of {}, got \"{}\"", NamesOfParts(), name));
    }
    parts.insert(found->first);
  }
  if (parts.empty()) return absl::InvalidArgumentError(fmt::format("--only: expected some of {}", NamesOfParts()));
  return parts;
}

}  // namespace suffice::load
