#include "referee.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/hash.h"

namespace suffice::fake {
namespace {

// A standard normal by Box and Muller, the same for the same text.
double Normal(const std::string& text, uint64_t seed) {
  const double u = 1 - UnitInterval(Hash64(text + "u", seed));
  const double v = UnitInterval(Hash64(text + "v", seed));
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

double Opinion(const RecordedAnswer& answer, const RefereeOptions& options) {
  const auto bias = options.bias.find(answer.model);
  const double shifted = answer.quality + (bias == options.bias.end() ? 0 : bias->second);
  return shifted + options.noise * Normal(answer.token, options.seed);
}

}  // namespace

std::string Verdict(const std::string& judging_prompt, const AnswerBook& book, const RefereeOptions& options) {
  std::vector<double> opinions;
  for (const std::string& token : TokensIn(judging_prompt)) {
    if (const RecordedAnswer* answer = book.Find(token)) opinions.push_back(Opinion(*answer, options));
  }
  if (opinions.empty()) return "There is no answer that I know.";
  nlohmann::ordered_json verdict;
  if (opinions.size() == 1) {
    verdict["score"] = 10 * std::clamp(opinions[0], 0.0, 1.0);
  } else {
    const double lead = opinions[0] + options.first_bonus - opinions[1];
    verdict["winner"] = std::abs(lead) < options.tie ? "tie" : lead > 0 ? "A" : "B";
  }
  verdict["reason"] = "as recorded";
  return verdict.dump();
}

}  // namespace suffice::fake
