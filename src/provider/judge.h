// Scores answers in [0, 1].
// Thread contract: a Judge belongs to one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "provider/chat_client.h"
#include "suffice/config.h"

namespace suffice {

struct JudgeTask {
  std::string key;  // names the task for idempotent calls
  std::string prompt;
  std::string answer;        // never with the model's name
  std::string reference;     // known right answer; empty: none
  std::string other_answer;  // of the tier that pairwise judges compare with; empty: none
};

struct JudgeVerdict {
  std::optional<double> score;  // in [0, 1]; nothing: the judge could not or would not say
  std::string error;            // why
  double cost_usd = 0;
};

class Judge {
 public:
  virtual ~Judge() = default;
  virtual const JudgeConfig& config() const = 0;
  // Whether it needs a reference answer or the other tier's.
  virtual bool NeedsReference() const = 0;
  using Done = std::function<bool(size_t index, const JudgeVerdict& verdict)>;
  // As ChatClient::Run.
  virtual absl::StatusOr<int64_t> Run(std::span<const JudgeTask> tasks, ChatClient::Spending& spending,
                                      const Done& done) = 0;
};

// `client` (may be null unless the judge is an llm) outlives the judge.
absl::StatusOr<std::unique_ptr<Judge>> MakeJudge(const JudgeConfig& config, ChatClient* client);

}  // namespace suffice
