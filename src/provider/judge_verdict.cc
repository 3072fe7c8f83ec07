#include "provider/judge_verdict.h"

#include <nlohmann/json.hpp>
#include <string>

namespace suffice {
namespace {

using Json = nlohmann::json;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

std::string_view WithoutFence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  text = Trimmed(text);
  if (text.size() < 2 * kFence.size() || !text.starts_with(kFence) || !text.ends_with(kFence)) return text;
  text.remove_prefix(kFence.size());
  text.remove_suffix(kFence.size());
  if (text.starts_with("json")) text.remove_prefix(4);
  return text;
}

absl::StatusOr<Json> ReadObject(std::string_view reply) {
  Json json = Json::parse(WithoutFence(reply), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("expected one JSON object and nothing else");
  return json;
}

}  // namespace

absl::StatusOr<double> ReadScore(std::string_view reply) {
  const absl::StatusOr<Json> json = ReadObject(reply);
  if (!json.ok()) return json.status();
  const auto found = json->find("score");
  const double score = found != json->end() && found->is_number() ? found->get<double>() : -1;
  if (!(score >= 0 && score <= 10)) return absl::InvalidArgumentError("score: expected a number from 0 to 10");
  return score / 10;
}

absl::StatusOr<double> ReadWinner(std::string_view reply) {
  const absl::StatusOr<Json> json = ReadObject(reply);
  if (!json.ok()) return json.status();
  const auto found = json->find("winner");
  const std::string winner = found != json->end() && found->is_string() ? found->get<std::string>() : "";
  if (winner == "A") return 1.0;
  if (winner == "B") return 0.0;
  if (winner == "tie") return 0.5;
  return absl::InvalidArgumentError("winner: expected \"A\", \"B\" or \"tie\"");
}

}  // namespace suffice
