// Reads what came back from POST /chat/completions, strictly.
// Thread contract: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "provider/chat_client.h"

namespace suffice {

// How an attempt ended, as the connection saw it.
enum class Transport {
  kWhole,        // a status and a whole body
  kTimeout,      // no whole answer in time
  kCut,          // the connection broke off after the request had begun
  kUnreachable,  // nothing was sent
  kTooLarge,     // the body is longer than allowed
  kBroken,       // not to be mended by trying again: a bad certificate, a bad URL
};

struct RawReply {
  Transport transport = Transport::kWhole;
  std::string transport_error;  // for people
  bool sent = false;            // the request had begun
  long http_status = 0;
  std::string body;
  std::string retry_after;  // the header as it came
  double latency_ms = 0;
};

enum class Next {
  kDone,   // the call has its end
  kRetry,  // if retries are left; else `answer` is the end
  kAbort,  // no call of this provider can succeed
};

struct Reply {
  Next next = Next::kDone;
  ChatAnswer answer;              // cost and retries are the caller's to fill in
  bool usage_told = false;        // the tokens are the service's
  bool may_be_billed = false;     // the service may have done the work
  std::string refused_parameter;  // of the request, that the model does not take; empty: none
};

Reply ReadReply(const ChatCall& call, const RawReply& raw, std::string_view api_key);

}  // namespace suffice
