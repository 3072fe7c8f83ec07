// What somebody who writes prompts can do to decisions: how many of a frozen policy's decisions flip when text is put
// around the prompts. A decision is taken as its most probable tier, and flips when that becomes another one.
// Thread contract: plain data and a pure function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/traffic.h"
#include "learner/snapshot.h"

namespace suffice {

struct AttackOptions {
  uint64_t seed = 1;
  uint64_t salt = 0;        // of the sketches
  int filler_words = 40;
  int prefixes = 100;       // optimised ones, of each direction; 0: none
  int prefix_words = 10;    // at most
  int tried_words = 32;     // for each place of a prefix
  int climb_prompts = 32;   // that a prefix is optimised on, drawn anew for each
  int prefix_prompts = 300; // that each prefix is tried on, evenly spread over the rows; at most
};

// One kind of attack. Shares are of attacked decisions.
struct AttackResult {
  std::string name;
  int64_t decisions = 0;
  double to_dearer = 0, to_cheaper = 0;  // flipped, by the tiers' mean cost; their sum is what flipped
  double worst = 0;                      // share that flipped under the worst text of this kind
  double shift = 0;                      // mean total variation between the propensities
  // Mean over the decisions, by the recorded answers: what the attack's own tokens cost is left out.
  double quality_change = 0, cost_change_usd = 0;

  double Flipped() const { return to_dearer + to_cheaper; }
};

// Attacks the prompts of `victims` (not in their conversations), in this order: random filler at the front and at the
// end, of the vocabulary of `known` and of ordinary English words, drawn anew for each prompt; blanks about as long as a
// filler, for what length alone does (a longer prompt costs more, so a policy that weighs cost may well choose otherwise);
// templates; prefixes that push to dearer tiers, and to cheaper ones. A prefix is made by hill climbing with the policy
// itself: word by word, of `tried_words` drawn from the vocabulary of `known` (a fifth of them marks and numbers) the one
// that best pushes `climb_prompts` drawn from `known`, even where it pushes less than none; of all lengths the best is
// taken. How well: the sum of 1 / (1 + exp(-margin / s)), with the margin by which the best tier of the wanted direction
// leads the best other one in score (policy `threshold`: in quality), and s its deviation over the prompts as they are.
// REQUIRES: both have the tiers of the snapshot's configuration, and rows. FAILED_PRECONDITION as Decide, or where no two
// prompts of `known` have a word in common.
absl::StatusOr<std::vector<AttackResult>> MeasureAttacks(const Snapshot& snapshot, const Traffic& known,
                                                         const Traffic& victims, const AttackOptions& options);

// The same attacks' results on several policies, averaged. REQUIRES: at least one run, all of the same attacks.
std::vector<AttackResult> MeanOf(const std::vector<std::vector<AttackResult>>& runs);

}  // namespace suffice
