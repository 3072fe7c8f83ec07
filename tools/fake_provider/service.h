// What the fake provider answers to a request, apart from sockets.
// Thread contract: belongs to one thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "answer_book.h"
#include "failure_plan.h"
#include "ledger.h"
#include "referee.h"
#include "reply.h"

namespace suffice::fake {

struct ServiceOptions {
  double latency_scale = 0;  // times the recorded latency; 0: at once
  bool idempotent = true;
  bool strict_parameters = false;  // refuses max_tokens and a temperature, as the newest models do
  std::string api_key;             // required as a bearer token; empty: none is
  RefereeOptions referee;
  std::vector<Failure> failures;
  uint64_t seed = 1;
};

struct Request {
  std::string method;
  std::string path;
  std::string body;
  std::string idempotency_key;
  std::string authorization;
};

class Service {
 public:
  Service(AnswerBook book, const ServiceOptions& options);

  // POST /v1/chat/completions, GET /v1/models, GET /stats, GET /last_request (the body).
  Reply Handle(const Request& request);
  Ledger& ledger() { return ledger_; }

 private:
  // A chat request that can be answered.
  struct Chat {
    std::string model;
    std::string prompt;  // of the last message
    std::string asked;   // of the user's messages, which a judge reads
    std::string work;    // the request's own words: what is billed
    bool stream = false;
  };

  Reply Complete(const Request& request);
  Reply Answer(const Chat& chat, const std::string& key, const Failure* failure);
  // The completion object, for a new key.
  nlohmann::ordered_json MakeCompletion(const Chat& chat, const Failure* failure);
  Reply Models() const;

  AnswerBook book_;
  const ServiceOptions options_;
  FailurePlan failures_;
  Ledger ledger_;
  std::string last_request_;
};

}  // namespace suffice::fake
