// A world with clients, model tiers, an operator and a disk around one engine, all of it by one seed: what each step did
// and what must hold after it. Thread contract: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "suffice/engine.h"
#include "temp_folder.h"

namespace suffice {

class Simulation {
 public:
  explicit Simulation(uint64_t seed);

  // One step of a random kind, with what must hold after it. Throws Catch assertions.
  void Step();
  // Ends the engine in order, and checks the log as a whole.
  void End();

 private:
  // A decision as a client remembers it.
  struct Call {
    DecisionId id;
    std::string tenant, session, request_id, tier;
    double worst_usd = 0;
    int64_t max_output_tokens = 0;
    bool on_disk = false;    // for sure
    bool maybe_lost = false;  // the engine was abandoned before it was for sure
    std::optional<Outcome> outcome;  // acknowledged
    std::vector<Feedback> feedback;  // acknowledged
  };

  double Uniform() { return std::uniform_real_distribution<double>()(random_); }
  size_t Below(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  bool Chance(double p) { return Uniform() < p; }

  Config MakeConfig();
  void Open();
  void CloseAndOpen();
  // Goes on from a copy of the files as they are, as after kill -9.
  void Abandon();
  void Ask();
  void AskAgain();
  void TellOutcome();
  void TellFeedback();
  void TellAgain();
  void MoveClock();
  void ChangePrices();
  void ChangeWorld();

  // The receipt of a record for `call`, or nothing where the call was lost with an abandoned engine.
  bool Acknowledged(Call& call, const absl::StatusOr<Receipt>& receipt);
  void EverythingSoFarIsOnDisk();
  Call* AnyCall();

  void CheckDecision(const RouteRequest& request, const Decision& decision);
  void CheckBudgets();
  // Of a log that nobody has open.
  void CheckLog();
  void CheckRebuild();

  const uint64_t seed_;
  std::mt19937_64 random_;
  TempFolder folder_;
  ManualClock clock_;
  bool hard_budgets_;
  Config config_;
  std::string path_;
  int opened_ = 0;
  std::unique_ptr<Engine> engine_;
  std::vector<double> quality_;  // of each tier, before the prompt
  std::vector<Call> calls_;
  size_t first_unsure_ = 0;  // of calls_: those before it are on disk
  DecisionId last_id_;
  int64_t next_name_ = 0;
};

}  // namespace suffice
