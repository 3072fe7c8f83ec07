// A program of the operator's scores: JSON {"prompt", "answer", "reference"} in, a number in [0, 1] out.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "provider/api_key.h"
#include "provider/judges.h"
#include "provider/shell_command.h"

namespace suffice {
namespace {

std::string InputOf(const JudgeTask& task) {
  const nlohmann::ordered_json json{{"prompt", task.prompt}, {"answer", task.answer}, {"reference", task.reference}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// What the program said last, for people.
std::string Complaint(const CommandEnd& end) {
  const std::string text = SafeText(end.err, "");
  return text.empty() ? "" : ": " + text;
}

JudgeVerdict VerdictOf(const CommandEnd& end, double timeout_s) {
  if (end.timed_out) return NoScore(fmt::format("the command gave no score within {} s", timeout_s));
  if (end.signal != 0) return NoScore(fmt::format("the command was ended by signal {}{}", end.signal, Complaint(end)));
  if (end.exit_code != 0) {
    return NoScore(fmt::format("the command ended with exit code {}{}", end.exit_code, Complaint(end)));
  }
  double score = 0;
  std::string text = end.out;
  absl::StripAsciiWhitespace(&text);
  if (!absl::SimpleAtod(text, &score) || !(score >= 0 && score <= 1)) {
    return NoScore(fmt::format("expected a number in [0, 1] on the command's standard output, got \"{}\"",
                               SafeText(text.substr(0, 100), "")));
  }
  return {.score = score};
}

class CommandJudge final : public LocalJudge {
 public:
  using LocalJudge::LocalJudge;

 protected:
  JudgeVerdict Score(const JudgeTask& task) override {
    const std::chrono::milliseconds timeout(static_cast<int64_t>(std::ceil(config().timeout_s * 1000)));
    const absl::StatusOr<CommandEnd> end = RunShellCommand(config().command, InputOf(task), timeout);
    return end.ok() ? VerdictOf(*end, config().timeout_s) : NoScore(std::string(end.status().message()));
  }
};

}  // namespace

std::unique_ptr<Judge> MakeCommandJudge(const JudgeConfig& config) { return std::make_unique<CommandJudge>(config); }

}  // namespace suffice
