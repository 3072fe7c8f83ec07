// One ChatClient::Run: starts calls as providers and the budget allow, and follows each to its end.
// Thread contract: belongs to one thread.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "provider/chat_client.h"
#include "provider/chat_request.h"
#include "provider/http_attempt.h"
#include "provider/lane.h"
#include "provider/reservations.h"

namespace suffice {

class ChatRun {
 public:
  // By place in `lanes` and model.
  using Dialects = std::map<std::pair<size_t, std::string>, Dialect>;

  // `lane_of[i]` is the place in `lanes` of the provider of calls[i]. All that is given by reference outlives it.
  ChatRun(CURLM* multi, const ChatClientOptions& options, std::span<const ChatCall> calls,
          const std::vector<size_t>& lane_of, std::vector<Lane>& lanes, Dialects& dialects,
          ChatClient::Spending& spending, const ChatClient::Done& done);
  // Takes what is still in flight off the multi handle.
  ~ChatRun();
  ChatRun(const ChatRun&) = delete;
  ChatRun& operator=(const ChatRun&) = delete;

  absl::StatusOr<int64_t> Run();

 private:
  // A call from its first attempt to its end.
  struct Progress {
    std::unique_ptr<HttpAttempt> attempt;  // in flight
    int32_t retries = 0;
    bool may_be_billed = false;  // an attempt that told no tokens
    Dialect sent;                // that the newest attempt was written in
  };

  bool Finished() const;
  void StartWhatMay();
  // False when the lane has nothing to start now.
  bool StartOne(Lane& lane, MonotonicTime now);
  void Start(Lane& lane, size_t call, MonotonicTime now);
  // Waits for the network, or until something may start.
  void Wait();
  // Returns how many calls had come back.
  int TakeFinished();
  void Finish(size_t call, CURLcode code);
  // Whether the model's refusal of a parameter says how to write the call so that it is taken.
  bool MayRewrite(size_t call, const std::string& refused_parameter);
  void PlanRetry(size_t call, const RawReply& raw);
  void End(size_t call, Reply reply);
  Money CostOf(size_t call, const Reply& reply) const;
  Money WorstOf(size_t call) const { return Money::FromUsd(calls_[call].worst_cost_usd); }

  CURLM* const multi_;
  const ChatClientOptions& options_;
  const std::span<const ChatCall> calls_;
  const std::vector<size_t>& lane_of_;
  std::vector<Lane>& lanes_;
  Dialects& dialects_;
  Reservations reservations_;
  const ChatClient::Done& done_;
  std::vector<Progress> progress_;
  int64_t not_covered_ = 0;
  bool waits_for_budget_ = false;  // a fresh call does, until another one ends
  bool stopped_ = false;
  absl::Status failure_;
};

}  // namespace suffice
