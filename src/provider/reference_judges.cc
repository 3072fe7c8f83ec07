// Judges that compare with a reference answer: exact_match and numeric.
#include <fmt/format.h>

#include <cmath>

#include "absl/strings/ascii.h"
#include "provider/judges.h"
#include "provider/last_number.h"

namespace suffice {
namespace {

// Lower case, with one space in place of any white space, and none at the ends.
std::string Normalised(std::string text) {
  absl::AsciiStrToLower(&text);
  absl::RemoveExtraAsciiWhitespace(&text);
  for (char& c : text) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) c = ' ';
  }
  return text;
}

class ExactMatchJudge final : public LocalJudge {
 public:
  using LocalJudge::LocalJudge;
  bool NeedsReference() const override { return true; }

 protected:
  JudgeVerdict Score(const JudgeTask& task) override {
    return {.score = Normalised(task.answer) == Normalised(task.reference) ? 1.0 : 0.0};
  }
};

class NumericJudge final : public LocalJudge {
 public:
  using LocalJudge::LocalJudge;
  bool NeedsReference() const override { return true; }

 protected:
  JudgeVerdict Score(const JudgeTask& task) override {
    const std::optional<double> right = LastNumber(task.reference);
    if (!right) return NoScore("expected a number in the reference answer, found none");
    const std::optional<double> got = LastNumber(task.answer);
    const double allowed = config().tolerance * (*right == 0 ? 1 : std::abs(*right));
    return {.score = got && std::abs(*got - *right) <= allowed ? 1.0 : 0.0};
  }
};

}  // namespace

std::unique_ptr<Judge> MakeExactMatchJudge(const JudgeConfig& config) {
  return std::make_unique<ExactMatchJudge>(config);
}

std::unique_ptr<Judge> MakeNumericJudge(const JudgeConfig& config) { return std::make_unique<NumericJudge>(config); }

}  // namespace suffice
