#include "simulation/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "catch.h"
#include "engine/engine_seams.h"
#include "log/event_log.h"

namespace suffice {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart = 1'835'438'400 * kSecond;  // 2028-02-29T12:00:00Z, a leap day
constexpr int64_t kMaxOutputTokens = 100;
constexpr int kTenants = 3;

// Changes with every checkpoint: when one comes between, two copies are of different times. (That the write-ahead log
// grows does no harm.)
std::string Generation(const std::string& database) {
  std::string header(32, '\0');
  std::ifstream(database + "-wal", std::ios::binary).read(header.data(), 32);
  return header + fmt::format("{}", fs::last_write_time(database).time_since_epoch().count());
}

// The files as they are at some moment, while somebody writes.
void CopyAtOneTime(const std::string& from, const std::string& to) {
  std::string before;
  do {
    before = Generation(from);
    for (const char* suffix : {"", "-wal"}) {
      fs::remove(to + suffix);
      if (fs::exists(from + suffix)) fs::copy_file(from + suffix, to + suffix);
    }
  } while (Generation(from) != before);
}

}  // namespace

Simulation::Simulation(uint64_t seed)
    : seed_(seed), random_(seed), clock_(kStart), hard_budgets_(seed % 3 != 0), config_(MakeConfig()) {
  path_ = folder_.Path("0.db");
  quality_ = {0.4, 0.6, 0.9};
  Open();
}

Config Simulation::MakeConfig() {
  Config config;
  const double prices[] = {1, 4, 20};
  for (const char* name : {"small", "medium", "large"}) {
    config.tiers.push_back({.name = name,
                            .model = name,
                            .price = {.output_usd_per_mtok = prices[config.tiers.size()]},
                            .max_output_tokens = kMaxOutputTokens});
  }
  const PolicyKind kinds[] = {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw,
                              PolicyKind::kEpsilonGreedy};
  config.policy.kind = kinds[Below(std::size(kinds))];
  config.features.fit_after_prompts = Chance(0.3) ? 100 : 0;
  config.features.dimensions = 8;
  config.limits.cost.per_request_usd = Chance(0.3) ? 1.5e-3 : 0;
  if (hard_budgets_) {
    config.limits.cost.budgets = {
        {.name = "day", .usd = 0.04, .time_zone = "Europe/Berlin"},
        {.name = "hour", .usd = 0.006, .period = BudgetPeriod::kHour, .each = BudgetScope::kTenant, .lease_s = 300}};
  } else {
    config.limits.cost.budgets = {{.name = "soft", .usd = 0.02, .kind = BudgetKind::kSoft}};
  }
  return config;
}

void Simulation::Open() {
  const EngineSeams seams(&clock_, Hash64(fmt::format("engine {}", opened_++), seed_));
  auto engine = Engine::Open({.config = config_, .database = path_});
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  engine_ = *std::move(engine);
}

void Simulation::EverythingSoFarIsOnDisk() {
  for (; first_unsure_ < calls_.size(); ++first_unsure_) calls_[first_unsure_].on_disk = true;
}

void Simulation::CloseAndOpen() {
  REQUIRE(engine_->Close().ok());
  engine_.reset();
  EverythingSoFarIsOnDisk();
  CheckLog();
  CheckRebuild();
  Open();
}

void Simulation::Abandon() {
  const std::string copy = folder_.Path(fmt::format("{}.db", opened_));
  CopyAtOneTime(path_, copy);
  REQUIRE(engine_->Close().ok());
  engine_.reset();
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) fs::remove(path_ + suffix);
  path_ = copy;
  for (; first_unsure_ < calls_.size(); ++first_unsure_) {
    calls_[first_unsure_].maybe_lost = !calls_[first_unsure_].on_disk;
    last_id_ = {};  // what was lost may have had a later one than what comes
  }
  Open();
}

void Simulation::Step() {
  const double kind = Uniform();
  if (kind < 0.40) {
    Ask();
  } else if (kind < 0.43) {
    AskAgain();
  } else if (kind < 0.60) {
    TellOutcome();
  } else if (kind < 0.80) {
    TellFeedback();
  } else if (kind < 0.85) {
    TellAgain();
  } else if (kind < 0.95) {
    MoveClock();
  } else if (kind < 0.97) {
    ChangePrices();
  } else if (kind < 0.98) {
    ChangeWorld();
  } else if (kind < 0.99) {
    CloseAndOpen();
  } else {
    Abandon();
  }
  CheckBudgets();
}

void Simulation::Ask() {
  Call call{.tenant = fmt::format("tenant{}", Below(kTenants))};
  if (Chance(0.3)) call.session = fmt::format("session{}", Below(5));
  if (Chance(0.5)) call.request_id = fmt::format("r{}", next_name_++);
  RouteRequest request{.request_id = call.request_id, .tenant = call.tenant, .session = call.session};
  request.prompt = fmt::format("word{} word{} word{} of {}", Below(20), Below(20), Below(20), next_name_);
  if (Chance(0.2)) request.max_cost_usd = 2e-3 * Uniform();
  const auto decision = engine_->Route(request);
  if (!decision.ok()) {
    INFO(decision.status().ToString());
    const absl::StatusCode code = decision.status().code();  // a budget, or a cap that no tier keeps
    CHECK((code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kFailedPrecondition));
    return;
  }
  CheckDecision(request, *decision);
  CHECK(last_id_ < decision->id);
  last_id_ = decision->id;
  call.id = decision->id;
  call.tier = decision->tier;
  call.worst_usd = decision->tiers[static_cast<size_t>(config_.TierIndex(decision->tier))].worst_cost_usd;
  // What a cap leaves may be more than the model gives.
  call.max_output_tokens = kMaxOutputTokens;
  if (decision->max_output_tokens > 0) call.max_output_tokens = std::min(kMaxOutputTokens, decision->max_output_tokens);
  calls_.push_back(call);
  if (hard_budgets_) EverythingSoFarIsOnDisk();
}

void Simulation::AskAgain() {
  Call* const call = AnyCall();
  if (call == nullptr || call->request_id.empty() || call->maybe_lost) return;
  RouteRequest request{.request_id = call->request_id, .tenant = call->tenant, .prompt = "the same again"};
  const auto decision = engine_->Route(request);
  INFO(decision.status().ToString());
  REQUIRE(decision.ok());
  CHECK(decision->replayed);
  CHECK(decision->id == call->id);
}

Simulation::Call* Simulation::AnyCall() { return calls_.empty() ? nullptr : &calls_[Below(calls_.size())]; }

bool Simulation::Acknowledged(Call& call, const absl::StatusOr<Receipt>& receipt) {
  INFO(receipt.status().ToString());
  if (call.maybe_lost && receipt.status().code() == absl::StatusCode::kNotFound) return false;
  REQUIRE(receipt.ok());
  EverythingSoFarIsOnDisk();
  call.on_disk = true;
  call.maybe_lost = false;
  REQUIRE(engine_->Sync().ok());  // the next decision shall not depend on threads
  return true;
}

void Simulation::TellOutcome() {
  Call* const call = AnyCall();
  if (call == nullptr || call->outcome) return;
  Outcome outcome{.decision_id = call->id, .tenant = call->tenant};
  outcome.output_tokens = static_cast<int64_t>(Below(static_cast<size_t>(call->max_output_tokens) + 1));
  outcome.input_tokens = static_cast<int64_t>(Below(50));
  outcome.latency_ms = 100 + 1000 * Uniform();
  if (Chance(0.3)) outcome.cost_usd = call->worst_usd * Uniform();
  const auto receipt = engine_->RecordOutcome(outcome);
  if (!Acknowledged(*call, receipt)) return;
  CHECK_FALSE(receipt->duplicate);
  call->outcome = outcome;
}

void Simulation::TellFeedback() {
  Call* const call = AnyCall();
  if (call == nullptr) return;
  const double quality = quality_[static_cast<size_t>(config_.TierIndex(call->tier))];
  const Feedback feedback{.feedback_id = fmt::format("f{}", next_name_++),
                          .decision_id = call->id,
                          .tenant = call->tenant,
                          .reward = Chance(quality) ? 1.0 : 0.0};
  const auto receipt = engine_->RecordFeedback(feedback);
  if (!Acknowledged(*call, receipt)) return;
  CHECK_FALSE(receipt->duplicate);
  call->feedback.push_back(feedback);
}

// What was acknowledged, sent again; or something else under its name.
void Simulation::TellAgain() {
  Call* const call = AnyCall();
  if (call == nullptr) return;
  if (call->outcome) {
    const auto receipt = engine_->RecordOutcome(*call->outcome);
    REQUIRE(receipt.ok());
    CHECK(receipt->duplicate);
  }
  if (call->feedback.empty()) return;
  Feedback feedback = call->feedback[Below(call->feedback.size())];
  const auto receipt = engine_->RecordFeedback(feedback);
  REQUIRE(receipt.ok());
  CHECK(receipt->duplicate);
  feedback.reward = 1 - feedback.reward;
  CHECK(engine_->RecordFeedback(feedback).status().code() == absl::StatusCode::kAlreadyExists);
}

void Simulation::MoveClock() {
  const double hours = Chance(0.2) ? -0.05 * Uniform() : std::pow(Uniform(), 3) * 4;
  clock_.Advance(std::llround(hours * 3600 * kSecond));
}

void Simulation::ChangePrices() {
  for (Tier& tier : config_.tiers) tier.price.output_usd_per_mtok *= 0.8 + 0.4 * Uniform();
  REQUIRE(engine_->Reload(config_).ok());
}

void Simulation::ChangeWorld() { std::shuffle(quality_.begin(), quality_.end(), random_); }

void Simulation::End() {
  REQUIRE(engine_->Close().ok());
  engine_.reset();
  EverythingSoFarIsOnDisk();
  CheckLog();
  CheckRebuild();
}

}  // namespace suffice
