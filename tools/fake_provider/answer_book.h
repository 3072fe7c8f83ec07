// What every model answers to every prompt, and how good that answer is: from a file of recorded traffic, made up by
// hash for what is not in it. An answer carries an opaque token; only the book knows which answer it stands for.
// Thread contract: belongs to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice::fake {

struct RecordedAnswer {
  std::string model;
  std::string token;   // 16 hexadecimal digits, in the text as [[q:TOKEN]]
  double quality = 0;  // in [0, 1]
  double latency_ms = 0;
  int64_t input_tokens = 0, output_tokens = 0, cached_input_tokens = 0, reasoning_tokens = 0;
  std::string text;
};

class AnswerBook {
 public:
  // Without a file every model answers everything. With a file a model must be one of its tiers.
  // INVALID_ARGUMENT "file:line: what was expected"; NOT_FOUND: no such file.
  static absl::StatusOr<AnswerBook> Read(const std::string& traffic_file, uint64_t seed);

  bool KnowsModel(const std::string& model) const { return models_.empty() || models_.contains(model); }
  std::vector<std::string> Models() const;
  // The answer of a known model. Remembered, so that Find knows its token.
  const RecordedAnswer& Answer(const std::string& model, const std::string& prompt);
  // Answers made before, and all of the file's; null: no such token.
  const RecordedAnswer* Find(std::string_view token) const;
  bool KnowsPrompt(const std::string& prompt) const { return prompts_.contains(prompt); }

 private:
  explicit AnswerBook(uint64_t seed) : seed_(seed) {}
  absl::Status AddLine(const std::string& line);
  const RecordedAnswer& Add(const std::string& prompt, RecordedAnswer answer);
  RecordedAnswer MakeUp(const std::string& model, const std::string& prompt) const;
  std::string TokenOf(const std::string& model, const std::string& prompt) const;

  uint64_t seed_ = 0;
  std::map<std::string, int> models_;                        // of the file
  std::unordered_map<std::string, int> prompts_;             // of the file
  std::unordered_map<std::string, RecordedAnswer> answers_;  // by token
};

// Every token in a text, in order, with repetitions.
std::vector<std::string> TokensIn(std::string_view text);

}  // namespace suffice::fake
