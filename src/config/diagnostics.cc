#include "config/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace suffice {

void Diagnostics::Add(const SourceLocation& where, std::string_view path, std::string_view reason) {
  std::string text;
  if (!where.override_path.empty()) {
    text = fmt::format("--set {}: ", where.override_path);
  } else if (where.line > 0) {
    text = fmt::format("{}:{}:{}: ", file_, where.line, where.column);
  } else if (!file_.empty()) {
    text = fmt::format("{}: ", file_);
  }
  if (!path.empty() && path != where.override_path) text += fmt::format("{}: ", path);
  text += reason;
  const bool in_file = where.override_path.empty() && where.line > 0;
  problems_.push_back(
      {in_file ? where.line : std::numeric_limits<int>::max(), in_file ? where.column : 0, std::string(path), text});
}

bool Diagnostics::Has(std::string_view path) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) { return problem.path == path; });
}

absl::Status Diagnostics::ToStatus() const {
  if (problems_.empty()) return absl::OkStatus();
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  std::string text;
  for (const Problem& problem : sorted) {
    if (!text.empty()) text += '\n';
    text += problem.text;
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace suffice
