// Calls OpenAI-compatible chat services: many at a time over few connections, with retries and a dollar budget.
//
// An attempt that ends with 429, 500, 502, 503, 504, a timeout, a cut connection or a body that cannot be read is made
// again, with the same Idempotency-Key, after the service's `retry-after` or a jittered, growing delay. What is counted
// as spent: by the price list where the service told the tokens; `worst_cost_usd` where it may have billed a call
// without telling them; nothing where it answered with an error of its own.
// Thread contract: a ChatClient belongs to one thread; Run blocks until every call has an end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "suffice/config.h"
#include "suffice/types.h"

namespace suffice {

struct ChatCall {
  std::string key;       // sent as the Idempotency-Key header: the same call again must not be billed twice; ASCII
  std::string provider;  // name; empty: the first one
  std::string model;
  std::vector<Message> messages;
  int64_t max_output_tokens = 0;       // of the answer; thinking comes on top; 0: not stated
  int64_t thinking_budget_tokens = 0;  // 0: none
  double temperature = 0;
  Price price;                // to settle the cost
  double worst_cost_usd = 0;  // reserved against the budget while the call is under way
};

// How patient a client is.
struct ChatClientOptions {
  double first_delay_s = 0.5;  // before the first retry; doubles with each
  double longest_delay_s = 30;
  double longest_retry_after_s = 60;         // a service that asks for more gets this
  size_t max_body_bytes = size_t{16} << 20;  // of an answer
};

struct ChatAnswer {
  CallStatus status = CallStatus::kOk;
  std::string error;  // for people; empty when ok
  std::string text;
  std::string served_model;
  bool wrong_model = false;  // see IsSameModel: another model answered
  int64_t input_tokens = 0, output_tokens = 0, cached_input_tokens = 0, reasoning_tokens = 0;
  double cost_usd = 0;    // by the price list, of all attempts that were billed
  double latency_ms = 0;  // of the attempt that answered
  int32_t retries = 0;
};

class ChatClient {
 public:
  // Reads the keys from environment and files: INVALID_ARGUMENT names the provider and what is missing.
  static absl::StatusOr<std::unique_ptr<ChatClient>> Create(const std::vector<ProviderConfig>& providers,
                                                            const ChatClientOptions& options = {});
  virtual ~ChatClient() = default;

  struct Spending {
    double budget_usd = 0;  // 0: no limit
    double spent_usd = 0;   // before and, after Run, with these calls
  };
  // Runs every call that the budget covers at its worst; `done` gets each answer as it comes, in any order, and returns
  // false to stop (calls in flight are then cancelled, and not counted). Returns how many calls the budget did not
  // cover. INVALID_ARGUMENT, before anything is sent: a call names no known provider, no model, or a key that is not
  // plain ASCII. UNAUTHENTICATED: a provider refused its key; calls in flight are cancelled.
  using Done = std::function<bool(size_t index, const ChatAnswer& answer)>;
  virtual absl::StatusOr<int64_t> Run(std::span<const ChatCall> calls, Spending& spending, const Done& done) = 0;
};

}  // namespace suffice
