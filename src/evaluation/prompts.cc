#include "evaluation/prompts.h"

#include <fmt/format.h>

#include <fstream>

#include "log/json_line.h"
#include "evaluation/traffic.h"

namespace suffice {

absl::Status ForEachPrompt(const std::string& path, const std::function<void(const std::string& prompt)>& visit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("{}: cannot be opened", path));
  std::string line;
  for (int64_t number = 1;; ++number) {
    const auto wrong = [&](std::string_view what) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: {}", path, number, what));
    };
    switch (ReadBoundedLine(in, kMaxTrafficLineBytes, line)) {
      case LineRead::kEnd:
        return absl::OkStatus();
      case LineRead::kTooLong:
        return wrong(fmt::format("expected a line of at most {} bytes", kMaxTrafficLineBytes));
      case LineRead::kLine:
        break;
    }
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    const auto row = ParseJsonLine(line);
    if (!row.ok()) return wrong(std::string(row.status().message()));
    if (!row->is_object() || !row->contains("prompt") || !row->at("prompt").is_string()) {
      return wrong("prompt: expected an object with a string \"prompt\"");
    }
    visit(row->at("prompt").get_ref<const std::string&>());
  }
}

}  // namespace suffice
