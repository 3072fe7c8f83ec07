#include "evaluation/replay_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

#include "base/hash.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/status_macros.h"
#include "engine/decide.h"
#include "engine/gate.h"
#include "engine/session_book.h"
#include "engine/warmth.h"
#include "evaluation/budget_use.h"
#include "evaluation/replay_log.h"
#include "learner/learner.h"
#include "learner/settlement.h"
#include "log/event_log.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int64_t kStartUs = 1'700'000'000'000'000;  // decisions are a second apart from here

RouteRequest RequestOf(const TrafficRow& row) {
  RouteRequest request;
  request.session = row.session;
  request.prompt = row.prompt;
  return request;
}

// What the call waits for its tier: the recorded one found it warm.
double StartMs(const DecisionRecord& decision) {
  for (const TierView& view : decision.tiers) {
    if (view.tier == decision.tier) return view.start_ms;
  }
  return 0;
}

OutcomeRecord OutcomeOf(const DecisionRecord& decision, const TrafficTier& call, double cost_factor,
                        PriceBook& prices) {
  OutcomeRecord record;
  record.time_us = decision.time_us;
  record.outcome.decision_id = decision.id;
  record.outcome.input_tokens = call.input_tokens;
  record.outcome.output_tokens = call.output_tokens;
  if (call.cost_usd) record.outcome.cost_usd = *call.cost_usd * cost_factor;
  const double start_ms = StartMs(decision);
  if (call.latency_ms) record.outcome.latency_ms = *call.latency_ms + start_ms;
  if (call.ttft_ms) record.outcome.time_to_first_token_ms = *call.ttft_ms + start_ms;
  record.cost_nanos = call.cost_usd ? Money::FromUsd(*record.outcome.cost_usd).nanos
                                    : Settle(FactsOf(decision), record.outcome, prices).cost_nanos;
  return record;
}

FeedbackRecord FeedbackOf(const DecisionId& id, double quality, int64_t time_us) {
  FeedbackRecord record;
  record.time_us = time_us;
  record.feedback = {
      .feedback_id = id.ToString(), .decision_id = id, .reward = quality, .source = FeedbackSource::kJudge};
  return record;
}

class Run {
 public:
  Run(const ReplayOptions& options, uint64_t seed, FeatureSetPtr features, ReplayLog* log)
      : options_(options),
        config_(std::make_shared<const Config>(options.config)),
        seed_(seed),
        ids_(seed),
        log_(log),
        prices_(&log_->memory()),
        sessions_(config_->sessions.capacity),
        learner_(options.release != nullptr ? Learner(&log_->memory(), config_, options.release)
                                            : Learner(&log_->memory(), config_, std::move(features))),
        gate_(config_),
        result_{.pass = {.seed = seed, .propensities = PropensityCheck(config_->tiers.size())}} {}

  absl::StatusOr<ReplayResult> Go(const std::function<void()>& on_step);

 private:
  absl::Status WarmUp();
  absl::Status Step(int row_index);
  absl::StatusOr<DecisionRecord> Route(const RouteRequest& request, const DecideContext& context);
  void BeginDays();
  void TimeStep(int64_t step);
  absl::Status ShowEveryTier(const TrafficRow& row, int except);
  absl::Status Apply(const std::vector<TierFactors>& factors);
  absl::Status Happen();
  std::vector<AlarmReport> Alarms() const;
  absl::Status TellDue(int64_t until);
  // Learns what is new, and decides by it from now on. `keep_state`: the log's file gets the statistics, too.
  absl::Status Refresh(bool keep_state = false);
  absl::Status Publish(const std::vector<PacedBudget>& budgets, bool keep_state);
  absl::Status RankEvalRows();
  DecideContext NextContext(const RouteRequest& request = {});
  // Says who tells a reward, and what a liar makes of it.
  void Sign(const TrafficRow& row, const std::string& tier, Feedback& feedback) const;
  // Whether the reward of this decision is ever told: a draw of its own.
  bool IsTold(const DecisionId& id) const {
    return UnitInterval(Hash64(id.Raw(), seed_ ^ 0xfeedbac)) < options_.feedback_rate;
  }

  const ReplayOptions& options_;
  std::shared_ptr<const Config> config_;
  const uint64_t seed_;
  DecisionIdGenerator ids_;
  int64_t now_us_ = kStartUs;
  ReplayLog* const log_;
  PriceBook prices_;
  SessionBook sessions_;
  Warmth warmth_;
  Learner learner_;
  Gate gate_;
  BudgetWatch budgets_;
  int64_t first_day_us_ = 0;  // with arrivals
  SnapshotPtr snapshot_;
  std::deque<std::pair<int64_t, FeedbackRecord>> due_;  // step -> what is told then
  std::vector<TierFactors> factors_;                    // by tier
  std::vector<int64_t> decided_us_;                     // when each decision was made
  ReplayResult result_;
};

DecideContext Run::NextContext(const RouteRequest& request) {
  if (first_day_us_ == 0) now_us_ += 1'000'000;
  DecideContext context{.id = ids_.Next(now_us_), .time_us = now_us_, .seed = seed_, .salt = log_->salt()};
  context.cold = warmth_.ColdAt(*config_, now_us_);
  if (!request.session.empty()) {
    context.session_tier = sessions_.Find(request.tenant, request.session, now_us_, config_->sessions.idle_s);
  }
  return context;
}

absl::Status Run::Publish(const std::vector<PacedBudget>& budgets, bool keep_state) {
  snapshot_ = learner_.NextSnapshot(budgets);
  if (!log_->has_file()) return absl::OkStatus();
  return log_->SaveSnapshot(learner_.RecordOf(*snapshot_, now_us_, keep_state));
}

absl::Status Run::Refresh(bool keep_state) {
  SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  SUFFICE_ASSIGN_OR_RETURN(const bool fit, learner_.WantsFittedFeatures());
  if (fit) {
    SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr features, FitFeaturesOnLog(log_->memory(), *config_));
    SUFFICE_RETURN_IF_ERROR(log_->SaveFeatureSet(*features));
    learner_.ReplaceFeatures(std::move(features));
    SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  }
  return Publish(gate_.PacedBudgets(now_us_), keep_state || fit);
}

absl::Status Run::ShowEveryTier(const TrafficRow& row, int except) {
  for (int k = 0; k < static_cast<int>(row.tiers.size()); ++k) {
    if (k == except || !row.tiers[k].known) continue;
    const Tier& tier = config_->tiers[k];
    SUFFICE_ASSIGN_OR_RETURN(DecisionRecord decision,
                             EvaluationRow(*snapshot_, RequestOf(row), tier.name, NextContext()));
    OutcomeRecord outcome = OutcomeOf(decision, row.tiers[k], factors_[k].cost, prices_);
    FeedbackRecord feedback = FeedbackOf(decision.id, factors_[k].QualityOf(row.tiers[k].quality), now_us_);
    SUFFICE_RETURN_IF_ERROR(log_->AppendEvaluation(std::move(decision), std::move(outcome), std::move(feedback)));
  }
  return absl::OkStatus();
}

// Makes the world be as the factors say; the configuration follows the prices.
absl::Status Run::Apply(const std::vector<TierFactors>& factors) {
  factors_ = factors;
  auto changed = std::make_shared<const Config>(WithPrices(options_.config, factors));
  if (*changed == *config_) return absl::OkStatus();
  config_ = std::move(changed);
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(*config_));
  learner_.ReplaceConfig(config_);
  return gate_.Reload(config_, log_->memory(), now_us_);
}

// Lets the events happen that are due before the next decision.
absl::Status Run::Happen() {
  const int64_t decisions = std::ssize(result_.pass.steps);
  const auto is_due = [decisions](const ReplayEvent& event) { return event.at == decisions; };
  if (decisions > 0 && std::none_of(options_.events.begin(), options_.events.end(), is_due)) return absl::OkStatus();
  const auto before = config_;
  SUFFICE_RETURN_IF_ERROR(Apply(FactorsAt(options_.events, options_.config, decisions)));
  return config_ == before ? absl::OkStatus() : Refresh();
}

std::vector<AlarmReport> Run::Alarms() const {
  std::vector<AlarmReport> reports;
  for (const auto& [tier, drift] : learner_.statistics().drift().tiers()) {
    for (const DriftAlarm& alarm : drift.alarms) {
      const auto after = std::lower_bound(decided_us_.begin(), decided_us_.end(), alarm.time_us);
      reports.push_back({tier, after - decided_us_.begin(), alarm.shift == Shift::kDrop});
    }
  }
  return reports;
}

absl::Status Run::WarmUp() {
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(*config_));
  if (learner_.features()->kind() != "counted") SUFFICE_RETURN_IF_ERROR(log_->SaveFeatureSet(*learner_.features()));
  SUFFICE_RETURN_IF_ERROR(Apply(WarmupFactors(options_.events, options_.config)));
  SUFFICE_RETURN_IF_ERROR(Publish({}, /*keep_state=*/false));
  if (options_.warmup && options_.release == nullptr) {
    for (const TrafficRow& row : options_.warmup->rows) SUFFICE_RETURN_IF_ERROR(ShowEveryTier(row, /*except=*/-1));
  }
  return Refresh();
}

absl::Status Run::TellDue(int64_t until) {
  while (!due_.empty() && due_.front().first <= until) {
    due_.front().second.time_us = now_us_;
    SUFFICE_RETURN_IF_ERROR(log_->AppendFeedback(std::move(due_.front().second)));
    due_.pop_front();
  }
  return absl::OkStatus();
}

// The days of arrivals begin at the midnight (UTC) after the warm-up.
void Run::BeginDays() {
  constexpr int64_t kDayUs = 86'400'000'000;
  if (!options_.arrivals_us.empty()) first_day_us_ = (now_us_ / kDayUs + 1) * kDayUs;
}

void Run::TimeStep(int64_t step) {
  const int64_t n = std::ssize(options_.arrivals_us);
  const int64_t last_us = now_us_;
  if (first_day_us_ > 0) {
    now_us_ = first_day_us_ + step / n * options_.arrivals_span_us + options_.arrivals_us[step % n];
  }
  if (budgets_.BeginsHour(now_us_)) budgets_.Look(gate_.Status(last_us));
}

absl::StatusOr<DecisionRecord> Run::Route(const RouteRequest& request, const DecideContext& context) {
  SUFFICE_ASSIGN_OR_RETURN(Consideration consideration, Consider(*snapshot_, request, context));
  SUFFICE_RETURN_IF_ERROR(gate_.Choose(*snapshot_, request, consideration));
  return std::move(consideration.row);
}

absl::Status Run::Step(int row_index) {
  SUFFICE_RETURN_IF_ERROR(Happen());
  const TrafficRow& row = options_.traffic.rows[row_index];
  const RouteRequest request = RequestOf(row);
  const DecideContext context = NextContext(request);
  const auto start = std::chrono::steady_clock::now();
  absl::StatusOr<DecisionRecord> decided = Route(request, context);
  const auto stop = std::chrono::steady_clock::now();
  if (StatedReason(decided.status()) == "BUDGET_EXHAUSTED") {
    ++result_.pass.refused;
    return absl::OkStatus();
  }
  if (!decided.ok()) return decided.status();
  result_.pass.decide_us.push_back(std::chrono::duration<float, std::micro>(stop - start).count());

  const int tier = config_->TierIndex(decided->tier);
  const TrafficTier& call = row.tiers[tier];
  std::vector<double> propensities;
  for (const TierView& view : decided->tiers) propensities.push_back(view.propensity);
  result_.pass.propensities.Add(propensities, tier);
  result_.pass.steps.push_back({row_index, tier, factors_[tier]});
  decided_us_.push_back(now_us_);
  if (!decided->infeasible.empty()) {
    ++result_.pass.infeasible;
    result_.pass.infeasible_text = decided->infeasible;
  }

  warmth_.Use(decided->tier, decided->time_us);
  if (!request.session.empty()) sessions_.Use(request.tenant, request.session, decided->tier, decided->time_us);
  OutcomeRecord outcome = OutcomeOf(*decided, call, factors_[tier].cost, prices_);
  SUFFICE_RETURN_IF_ERROR(log_->AppendDecision(*std::move(decided)));
  SUFFICE_ASSIGN_OR_RETURN(const Receipt settled, log_->AppendOutcome(std::move(outcome)));
  gate_.Settle(context.id, settled.cost_nanos, settled.seq);
  if (IsTold(context.id)) {
    FeedbackRecord feedback = FeedbackOf(context.id, factors_[tier].QualityOf(call.quality), now_us_);
    Sign(row, config_->tiers[static_cast<size_t>(tier)].name, feedback.feedback);
    due_.emplace_back(static_cast<int64_t>(result_.pass.steps.size()) - 1 + options_.feedback_delay,
                      std::move(feedback));
  }
  if (options_.full_feedback) SUFFICE_RETURN_IF_ERROR(ShowEveryTier(row, tier));
  return TellDue(static_cast<int64_t>(result_.pass.steps.size()) - 1);
}

void Run::Sign(const TrafficRow& row, const std::string& tier, Feedback& feedback) const {
  const ReplaySenders& senders = options_.senders;
  if (senders.by_source) feedback.sender = row.source;
  if (senders.count == 0) return;
  const auto number = static_cast<int>(Hash64(feedback.decision_id.Raw(), seed_ ^ 0x5e4de5) %
                                       static_cast<uint64_t>(senders.count));
  feedback.sender = fmt::format("sender-{}", number);
  if (number >= senders.liars) return;
  for (const auto& [about, reward] : senders.lies) {
    if (about == tier) feedback.reward = reward;
  }
}

absl::Status Run::RankEvalRows() {
  const int dear = DearerTier(MakeQualityCostTable(*options_.eval, config_->tiers));
  for (const TrafficRow& row : options_.eval->rows) {
    const int64_t last_us = now_us_;
    SUFFICE_ASSIGN_OR_RETURN(const DecisionRecord decision, Decide(*snapshot_, RequestOf(row), NextContext()));
    now_us_ = last_us;
    result_.eval_gains.push_back(decision.tiers[dear].quality - decision.tiers[1 - dear].quality);
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayResult> Run::Go(const std::function<void()>& on_step) {
  SUFFICE_RETURN_IF_ERROR(WarmUp());
  BeginDays();
  const std::vector<int> rows = ShuffledRows(options_.traffic.rows.size(), seed_);
  for (int64_t step = 0; step < DecisionsOf(options_); ++step) {
    TimeStep(step);
    SUFFICE_RETURN_IF_ERROR(Step(rows[static_cast<size_t>(step % std::ssize(rows))]));
    if ((step + 1) % options_.refresh_every == 0)
      SUFFICE_RETURN_IF_ERROR(Refresh());
    on_step();
  }
  SUFFICE_RETURN_IF_ERROR(TellDue(INT64_MAX));
  SUFFICE_RETURN_IF_ERROR(Refresh(/*keep_state=*/true));
  budgets_.Look(gate_.Status(now_us_));
  result_.pass.budgets = budgets_.Uses(seed_);
  result_.pass.drift_alarms = Alarms();
  if (options_.eval) SUFFICE_RETURN_IF_ERROR(RankEvalRows());
  if (options_.attack) {
    const AttackOptions attack{.seed = seed_, .salt = log_->salt(), .prefixes = options_.attack_prefixes};
    SUFFICE_ASSIGN_OR_RETURN(result_.attacks, MeasureAttacks(*snapshot_, options_.traffic, *options_.attack, attack));
  }
  return std::move(result_);
}

}  // namespace

int64_t DecisionsOf(const ReplayOptions& options) {
  return options.arrivals_us.empty() ? std::ssize(options.traffic.rows)
                                     : std::ssize(options.arrivals_us) * options.days;
}

int DearerTier(const QualityCostTable& table) {
  double difference = 0;
  for (const auto& row : table) difference += row[1].cost_usd - row[0].cost_usd;
  return difference > 0 ? 1 : 0;
}

absl::StatusOr<ReplayResult> RunReplay(const ReplayOptions& options, uint64_t seed, FeatureSetPtr features,
                                       const std::function<void()>& on_step) {
  // A projection goes with the sketches of its own salt.
  const uint64_t salt = SaltOf(*features).value_or(kReplaySalt);
  const std::string path = seed == options.seed ? options.db : "";
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayLog> log, ReplayLog::Open(salt, path));
  SUFFICE_ASSIGN_OR_RETURN(ReplayResult result, Run(options, seed, std::move(features), log.get()).Go(on_step));
  SUFFICE_RETURN_IF_ERROR(log->Close());
  return result;
}

}  // namespace suffice
