#include "app/player.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "app/rpc_error.h"
#include "base/hash.h"
#include "base/status_macros.h"
#include "suffice/v1/router.grpc.pb.h"

namespace suffice {
namespace {

using v1::RouterService;

v1::OutcomeRequest OutcomeOf(const std::string& decision_id, const TrafficTier& answer) {
  v1::OutcomeRequest request;
  request.set_decision_id(decision_id);
  request.set_status(v1::CALL_STATUS_OK);
  if (answer.input_tokens) request.set_input_tokens(*answer.input_tokens);
  if (answer.output_tokens) request.set_output_tokens(*answer.output_tokens);
  if (answer.cost_usd) request.set_cost_usd(*answer.cost_usd);
  if (answer.ttft_ms) request.set_time_to_first_token_ms(*answer.ttft_ms);
  if (answer.latency_ms) request.set_latency_ms(*answer.latency_ms);
  return request;
}

v1::FeedbackRequest FeedbackOf(const std::string& decision_id, const TrafficTier& answer) {
  v1::FeedbackRequest request;
  request.set_feedback_id(decision_id);
  request.set_decision_id(decision_id);
  request.set_reward(answer.quality);
  request.set_source(v1::FEEDBACK_SOURCE_JUDGE);
  request.set_judge_version("recorded");
  return request;
}

// The propensities of a decision in the order of the traffic's tiers.
absl::StatusOr<std::vector<double>> PropensitiesOf(const v1::RouteResponse& decision,
                                                   const std::vector<std::string>& tier_names) {
  std::vector<double> propensities(tier_names.size());
  for (const v1::TierView& view : decision.tiers()) {
    const auto found = std::find(tier_names.begin(), tier_names.end(), view.tier());
    if (found == tier_names.end()) {
      return absl::FailedPreconditionError(
          fmt::format("the server has a tier {}, which the traffic has not", view.tier()));
    }
    propensities[found - tier_names.begin()] = view.propensity();
  }
  return propensities;
}

class Player {
 public:
  Player(const PlayOptions& options, const Traffic& traffic,
         const std::function<void(const PlayedDecision&)>& on_decision)
      : options_(options),
        traffic_(traffic),
        on_decision_(on_decision),
        order_(ShuffledRows(traffic.rows.size(), options.seed)),
        stub_(RouterService::NewStub(options.server.channel)),
        pass_{.seed = options.seed, .propensities = PropensityCheck(traffic.tier_names.size())} {}

  absl::StatusOr<ReplayPass> Go();

 private:
  void Work();
  std::optional<int> NextRow();
  absl::Status PlayRow(int row);
  absl::StatusOr<int> Note(int row, const v1::RouteResponse& decision, float route_us);
  // Whether this row's reward is told: a draw of its own.
  bool IsTold(int row) const {
    return UnitInterval(Hash64(traffic_.rows[row].id + "#" + std::to_string(row), options_.seed ^ 0xfeedbac)) <
           options_.feedback_rate;
  }

  template <typename Request, typename Response>
  absl::Status Call(const char* name,
                    grpc::Status (RouterService::Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) const;

  const PlayOptions& options_;
  const Traffic& traffic_;
  const std::function<void(const PlayedDecision&)>& on_decision_;
  const std::vector<int> order_;
  const std::unique_ptr<RouterService::Stub> stub_;
  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);  // the first
  ReplayPass pass_ ABSL_GUARDED_BY(mutex_);
};

template <typename Request, typename Response>
absl::Status Player::Call(const char* name,
                          grpc::Status (RouterService::Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                          const Request& request, Response* response) const {
  grpc::ClientContext context;
  options_.server.Prepare(options_.timeout_s, context);
  const grpc::Status status = (stub_.get()->*rpc)(&context, request, response);
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} at {}: {}", name, options_.server.address, RpcErrorText(status)));
}

std::optional<int> Player::NextRow() {
  absl::MutexLock lock(&mutex_);
  if (!error_.ok() || next_ == order_.size()) return std::nullopt;
  return order_[next_++];
}

absl::StatusOr<int> Player::Note(int row, const v1::RouteResponse& decision, float route_us) {
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<double> propensities, PropensitiesOf(decision, traffic_.tier_names));
  const auto found = std::find(traffic_.tier_names.begin(), traffic_.tier_names.end(), decision.tier());
  if (found == traffic_.tier_names.end()) {
    return absl::FailedPreconditionError(
        fmt::format("the server chose the tier {}, which the traffic has not", decision.tier()));
  }
  const int tier = static_cast<int>(found - traffic_.tier_names.begin());
  absl::MutexLock lock(&mutex_);
  pass_.steps.push_back({row, tier});
  pass_.decide_us.push_back(route_us);
  pass_.propensities.Add(propensities, tier);
  on_decision_({row, tier, decision.snapshot()});
  return tier;
}

absl::Status Player::PlayRow(int row) {
  v1::RouteRequest request;
  request.set_session(traffic_.rows[row].session);
  request.set_prompt(traffic_.rows[row].prompt);
  v1::RouteResponse decision;
  const auto start = std::chrono::steady_clock::now();
  SUFFICE_RETURN_IF_ERROR(Call("Route", &RouterService::Stub::Route, request, &decision));
  const std::chrono::duration<float, std::micro> route_time = std::chrono::steady_clock::now() - start;
  SUFFICE_ASSIGN_OR_RETURN(const int tier, Note(row, decision, route_time.count()));

  const TrafficTier& answer = traffic_.rows[row].tiers[tier];
  v1::OutcomeResponse outcome_kept;
  SUFFICE_RETURN_IF_ERROR(
      Call("Outcome", &RouterService::Stub::Outcome, OutcomeOf(decision.decision_id(), answer), &outcome_kept));
  if (!IsTold(row)) return absl::OkStatus();
  v1::FeedbackResponse feedback_kept;
  return Call("Feedback", &RouterService::Stub::Feedback, FeedbackOf(decision.decision_id(), answer), &feedback_kept);
}

void Player::Work() {
  while (const std::optional<int> row = NextRow()) {
    const absl::Status status = PlayRow(*row);
    if (status.ok()) continue;
    absl::MutexLock lock(&mutex_);
    if (error_.ok()) error_ = status;
  }
}

absl::StatusOr<ReplayPass> Player::Go() {
  std::vector<std::thread> workers;
  for (int i = 0; i < options_.requests_in_flight; ++i) workers.emplace_back([this] { Work(); });
  for (std::thread& worker : workers) worker.join();
  absl::MutexLock lock(&mutex_);
  if (!error_.ok()) return error_;
  return std::move(pass_);
}

}  // namespace

absl::StatusOr<std::string> ServedConfigHash(const PlayOptions& options) {
  grpc::ClientContext context;
  options.server.Prepare(options.timeout_s, context);
  v1::GetStatusResponse response;
  const grpc::Status status = RouterService::NewStub(options.server.channel)->GetStatus(&context, {}, &response);
  if (!status.ok())
    return absl::UnavailableError(fmt::format("no answer from {}: {}", options.server.address, RpcErrorText(status)));
  return response.config_hash();
}

absl::StatusOr<ReplayPass> Play(const PlayOptions& options, const Traffic& traffic,
                                const std::function<void(const PlayedDecision&)>& on_decision) {
  return Player(options, traffic, on_decision).Go();
}

}  // namespace suffice
