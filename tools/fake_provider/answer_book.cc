#include "answer_book.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace suffice::fake {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kOpen = "[[q:";
constexpr std::string_view kClose = "]]";
constexpr size_t kTokenLength = 16;

// Not what decides anything: a model's name must not be told from an answer.
std::string TextOf(const std::string& token) { return fmt::format("Answer of a model. {}{}{}", kOpen, token, kClose); }

int64_t RoughTokens(std::string_view text) { return static_cast<int64_t>(text.size()) / 4 + 1; }

int64_t Whole(const Json& tier, const char* key, int64_t otherwise) {
  const auto found = tier.find(key);
  return found != tier.end() && found->is_number() ? found->get<int64_t>() : otherwise;
}

}  // namespace

absl::StatusOr<AnswerBook> AnswerBook::Read(const std::string& traffic_file, uint64_t seed) {
  AnswerBook book(seed);
  if (traffic_file.empty()) return book;
  std::ifstream file(traffic_file);
  if (!file) return absl::NotFoundError("cannot open " + traffic_file);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const absl::Status status = book.AddLine(line);
    if (!status.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: {}", traffic_file, number, std::string(status.message())));
    }
  }
  return book;
}

absl::Status AnswerBook::AddLine(const std::string& line) {
  const Json row = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!row.is_object() || !row.contains("prompt") || !row["prompt"].is_string() || !row.contains("tiers") ||
      !row["tiers"].is_object()) {
    return absl::InvalidArgumentError("expected a JSON object with prompt (a string) and tiers (an object)");
  }
  const std::string prompt = row["prompt"].get<std::string>();
  prompts_.emplace(prompt, 0);
  for (const auto& [model, tier] : row["tiers"].items()) {
    if (!tier.is_object() || !tier.contains("quality") || !tier["quality"].is_number()) {
      return absl::InvalidArgumentError(fmt::format("tiers.{}.quality: expected a number in [0, 1]", model));
    }
    models_.emplace(model, 0);
    RecordedAnswer answer = MakeUp(model, prompt);
    answer.quality = tier["quality"].get<double>();
    answer.latency_ms =
        tier.contains("latency_ms") && tier["latency_ms"].is_number() ? tier["latency_ms"].get<double>() : 0;
    answer.input_tokens = Whole(tier, "input_tokens", answer.input_tokens);
    answer.output_tokens = Whole(tier, "output_tokens", answer.output_tokens);
    answer.cached_input_tokens = Whole(tier, "cached_input_tokens", 0);
    answer.reasoning_tokens = Whole(tier, "reasoning_tokens", 0);
    if (tier.contains("answer") && tier["answer"].is_string()) answer.text += " " + tier["answer"].get<std::string>();
    Add(prompt, std::move(answer));
  }
  return absl::OkStatus();
}

const RecordedAnswer& AnswerBook::Add(const std::string& prompt, RecordedAnswer answer) {
  const std::string token = TokenOf(answer.model, prompt);
  return answers_.emplace(token, std::move(answer)).first->second;
}

std::string AnswerBook::TokenOf(const std::string& model, const std::string& prompt) const {
  return fmt::format("{:016x}", Hash64(model + '\0' + prompt, seed_));
}

RecordedAnswer AnswerBook::MakeUp(const std::string& model, const std::string& prompt) const {
  RecordedAnswer answer;
  answer.model = model;
  answer.token = TokenOf(model, prompt);
  answer.quality = UnitInterval(Hash64(answer.token, seed_ + 1));
  answer.input_tokens = RoughTokens(prompt);
  answer.output_tokens = 50 + static_cast<int64_t>(Hash64(answer.token, seed_ + 2) % 200);
  answer.text = TextOf(answer.token);
  return answer;
}

std::vector<std::string> AnswerBook::Models() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : models_) names.push_back(name);
  return names;
}

const RecordedAnswer& AnswerBook::Answer(const std::string& model, const std::string& prompt) {
  const auto found = answers_.find(TokenOf(model, prompt));
  return found != answers_.end() ? found->second : Add(prompt, MakeUp(model, prompt));
}

const RecordedAnswer* AnswerBook::Find(std::string_view token) const {
  const auto found = answers_.find(std::string(token));
  return found == answers_.end() ? nullptr : &found->second;
}

std::vector<std::string> TokensIn(std::string_view text) {
  std::vector<std::string> tokens;
  for (size_t at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen, at + 1)) {
    const std::string_view token = text.substr(at + kOpen.size()).substr(0, kTokenLength);
    const bool closed = text.substr(at + kOpen.size() + token.size()).starts_with(kClose);
    if (closed && token.size() == kTokenLength) tokens.emplace_back(token);
  }
  return tokens;
}

}  // namespace suffice::fake
