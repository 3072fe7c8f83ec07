#include "provider/chat_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "base/list_cost.h"
#include "provider/retry_delay.h"

namespace suffice {
namespace {

constexpr auto kLongestWait = std::chrono::seconds(60);

double NowSeconds() { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); }

// Rounded up: waking too early would mean to go round in circles.
int Milliseconds(std::chrono::nanoseconds time) {
  const auto bounded = std::clamp<std::chrono::nanoseconds>(time, std::chrono::milliseconds(1), kLongestWait);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(bounded).count());
}

}  // namespace

ChatRun::ChatRun(CURLM* multi, const ChatClientOptions& options, std::span<const ChatCall> calls,
                 const std::vector<size_t>& lane_of, std::vector<Lane>& lanes, Dialects& dialects,
                 ChatClient::Spending& spending, const ChatClient::Done& done)
    : multi_(multi),
      options_(options),
      calls_(calls),
      lane_of_(lane_of),
      lanes_(lanes),
      dialects_(dialects),
      reservations_(spending),
      done_(done),
      progress_(calls.size()) {
  for (size_t i = 0; i < calls.size(); ++i) lanes_[lane_of_[i]].Add(i);
}

ChatRun::~ChatRun() {
  for (const Progress& progress : progress_) {
    if (progress.attempt != nullptr) curl_multi_remove_handle(multi_, progress.attempt->handle());
  }
}

absl::StatusOr<int64_t> ChatRun::Run() {
  for (StartWhatMay(); !Finished(); StartWhatMay()) {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_, &running); code != CURLM_OK) {
      return absl::InternalError(fmt::format("curl_multi_perform: {}", curl_multi_strerror(code)));
    }
    if (TakeFinished() == 0) Wait();
  }
  if (!failure_.ok()) return failure_;
  return not_covered_;
}

bool ChatRun::Finished() const {
  return stopped_ || std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.Idle(); });
}

void ChatRun::StartWhatMay() {
  waits_for_budget_ = false;
  const MonotonicTime now = std::chrono::steady_clock::now();
  for (Lane& lane : lanes_) {
    while (!stopped_ && lane.MayStart(now) && StartOne(lane, now)) {
    }
  }
}

bool ChatRun::StartOne(Lane& lane, MonotonicTime now) {
  if (const std::optional<size_t> retry = lane.DueRetry(now)) {
    lane.PopRetry();
    Start(lane, *retry, now);
    return true;
  }
  const std::optional<size_t> fresh = lane.NextFresh();
  if (!fresh) return false;
  if (reservations_.TryReserve(WorstOf(*fresh))) {
    lane.PopFresh();
    Start(lane, *fresh, now);
    return true;
  }
  if (reservations_.AnyOpen()) {
    waits_for_budget_ = true;  // calls mostly cost less than at worst
    return false;
  }
  lane.PopFresh();
  ++not_covered_;
  return true;
}

void ChatRun::Start(Lane& lane, size_t call, MonotonicTime now) {
  const Endpoint& endpoint = lane.endpoint();
  progress_[call].sent = dialects_[{lane_of_[call], calls_[call].model}];
  auto attempt = std::make_unique<HttpAttempt>(HttpRequest{.url = endpoint.url,
                                                           .api_key = endpoint.api_key,
                                                           .idempotency_key = calls_[call].key,
                                                           .body = ChatRequestJson(calls_[call], progress_[call].sent),
                                                           .connect_timeout_s = endpoint.config.connect_timeout_s,
                                                           .timeout_s = endpoint.config.timeout_s,
                                                           .max_body_bytes = options_.max_body_bytes});
  curl_easy_setopt(attempt->handle(), CURLOPT_PRIVATE, &progress_[call]);
  curl_multi_add_handle(multi_, attempt->handle());
  progress_[call].attempt = std::move(attempt);
  lane.Started(now);
}

void ChatRun::Wait() {
  const MonotonicTime now = std::chrono::steady_clock::now();
  MonotonicTime until = now + kLongestWait;
  for (const Lane& lane : lanes_) {
    if (const auto start = lane.NextStart(!waits_for_budget_)) until = std::min(until, *start);
  }
  curl_multi_poll(multi_, nullptr, 0, Milliseconds(until - now), nullptr);
}

int ChatRun::TakeFinished() {
  int taken = 0;
  int left = 0;
  while (const CURLMsg* message = stopped_ ? nullptr : curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* progress = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &progress);
    const CURLcode code = message->data.result;
    Finish(static_cast<size_t>(reinterpret_cast<Progress*>(progress) - progress_.data()), code);
    ++taken;
  }
  return taken;
}

void ChatRun::Finish(size_t call, CURLcode code) {
  Progress& progress = progress_[call];
  Lane& lane = lanes_[lane_of_[call]];
  const std::unique_ptr<HttpAttempt> attempt = std::move(progress.attempt);
  curl_multi_remove_handle(multi_, attempt->handle());
  lane.Ended();
  const RawReply raw = attempt->Take(code);
  Reply reply = ReadReply(calls_[call], raw, lane.endpoint().api_key);
  progress.may_be_billed |= reply.may_be_billed;
  if (reply.next == Next::kAbort) {
    stopped_ = true;
    failure_ = absl::UnauthenticatedError(
        fmt::format("provider \"{}\" refused its key: {}", lane.endpoint().config.name, reply.answer.error));
    return;
  }
  if (MayRewrite(call, reply.refused_parameter)) return lane.AddRetry(call, std::chrono::steady_clock::now());
  if (reply.next == Next::kRetry && progress.retries < lane.endpoint().config.max_retries) return PlanRetry(call, raw);
  if (!reply.answer.error.empty()) reply.answer.error = lane.endpoint().config.name + ": " + reply.answer.error;
  End(call, std::move(reply));
}

bool ChatRun::MayRewrite(size_t call, const std::string& refused_parameter) {
  Dialect known = progress_[call].sent;
  if (!Learn(known, refused_parameter)) return false;
  Learn(dialects_[{lane_of_[call], calls_[call].model}], refused_parameter);
  return true;
}

void ChatRun::PlanRetry(size_t call, const RawReply& raw) {
  Lane& lane = lanes_[lane_of_[call]];
  const int32_t retry = ++progress_[call].retries;
  const MonotonicTime now = std::chrono::steady_clock::now();
  const double backoff_s = BackoffSeconds(calls_[call].key, retry, options_);
  const auto asked_s = RetryAfterSeconds(raw.retry_after, NowSeconds(), options_.longest_retry_after_s);
  if (!asked_s) return lane.AddRetry(call, now + Seconds(backoff_s));
  // The service speaks for all of its calls.
  lane.Pause(now + Seconds(*asked_s));
  lane.AddRetry(call, now + Seconds(*asked_s + 0.1 * backoff_s));
}

Money ChatRun::CostOf(size_t call, const Reply& reply) const {
  const ChatAnswer& answer = reply.answer;
  if (!reply.usage_told) return progress_[call].may_be_billed ? WorstOf(call) : Money{};
  return {ListCostNanos(calls_[call].price, TokenUse{.input = static_cast<double>(answer.input_tokens),
                                                     .output = static_cast<double>(answer.output_tokens),
                                                     .cached_input = static_cast<double>(answer.cached_input_tokens),
                                                     .reasoning = static_cast<double>(answer.reasoning_tokens)})};
}

void ChatRun::End(size_t call, Reply reply) {
  const Money cost = CostOf(call, reply);
  reservations_.Settle(WorstOf(call), cost);
  reply.answer.cost_usd = cost.Usd();
  reply.answer.retries = progress_[call].retries;
  if (!done_(call, reply.answer)) stopped_ = true;
}

}  // namespace suffice
