#include "provider/judge.h"

#include <fmt/format.h>

#include "provider/judges.h"

namespace suffice {
namespace {

absl::Status Missing(const JudgeConfig& config, const char* what) {
  return absl::InvalidArgumentError(
      fmt::format("judges.{}.kind: {} needs {}", config.name, std::string(ToString(config.kind)), what));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Judge>> MakeJudge(const JudgeConfig& config, ChatClient* client) {
  switch (config.kind) {
    case JudgeKind::kLlm:
      if (config.model.empty()) return Missing(config, "a model");
      if (client == nullptr) return Missing(config, "a provider");
      return MakeLlmJudge(config, client);
    case JudgeKind::kExactMatch:
      return MakeExactMatchJudge(config);
    case JudgeKind::kNumeric:
      return MakeNumericJudge(config);
    case JudgeKind::kRegex:
      if (config.pattern.empty()) return Missing(config, "a pattern");
      return MakeRegexJudge(config);
    case JudgeKind::kCommand:
      if (config.command.empty()) return Missing(config, "a command");
      return MakeCommandJudge(config);
  }
  return absl::InvalidArgumentError("judges: unknown kind");
}

}  // namespace suffice
