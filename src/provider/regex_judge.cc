#include <fmt/format.h>

#include <regex>

#include "provider/judges.h"

namespace suffice {
namespace {

// A pattern as something that a whole answer matches or not. Where the library can do that in linear time, it does;
// only back-references need the other way, which takes a stack frame a character: then answers must be short.
struct Compiled {
  std::regex regex;
  size_t max_bytes = 0;
};

constexpr size_t kMaxBytesLinear = size_t{1} << 20;
constexpr size_t kMaxBytesBacktracking = 4000;

absl::StatusOr<Compiled> Compile(const std::string& pattern) {
  // Not by regex_search, which begins anew at each character.
  const std::string anywhere = "[\\s\\S]*?(?:" + pattern + ")[\\s\\S]*";
  const auto flags = std::regex::ECMAScript | std::regex::nosubs;
  try {
    const std::regex itself(pattern, std::regex::ECMAScript);  // which "a)(b" is not, though `anywhere` would be
#ifdef __GLIBCXX__
    try {
      return Compiled{std::regex(anywhere, flags | std::regex_constants::__polynomial), kMaxBytesLinear};
    } catch (const std::regex_error&) {
      // Back-references.
    }
#endif
    return Compiled{std::regex(anywhere, std::regex::ECMAScript), kMaxBytesBacktracking};
  } catch (const std::regex_error& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

class RegexJudge final : public LocalJudge {
 public:
  RegexJudge(const JudgeConfig& config, Compiled compiled) : LocalJudge(config), compiled_(std::move(compiled)) {}

 protected:
  JudgeVerdict Score(const JudgeTask& task) override {
    if (task.answer.size() > compiled_.max_bytes) {
      return NoScore(fmt::format("expected an answer of at most {} bytes for this pattern, got {}", compiled_.max_bytes,
                                 task.answer.size()));
    }
    try {
      return {.score = std::regex_match(task.answer, compiled_.regex) ? 1.0 : 0.0};
    } catch (const std::regex_error& error) {
      return NoScore(fmt::format("the pattern cannot be matched: {}", error.what()));
    }
  }

 private:
  const Compiled compiled_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Judge>> MakeRegexJudge(const JudgeConfig& config) {
  absl::StatusOr<Compiled> compiled = Compile(config.pattern);
  if (!compiled.ok()) {
    return absl::InvalidArgumentError(fmt::format("judges.{}.pattern: not an ECMAScript regular expression: {}",
                                                  config.name, std::string(compiled.status().message())));
  }
  return std::make_unique<RegexJudge>(config, *std::move(compiled));
}

}  // namespace suffice
