// How much is measured.
// Thread contract: plain data.
#pragma once

#include <string>
#include <vector>

namespace suffice::load {

struct Sizes {
  std::string name = "full";
  int rounds = 5;            // of everything that is stated as a ratio or a rate
  double warmup_s = 1;       // before each run, not counted
  double run_s = 4;          // one run of a load generator
  int decisions = 20'000;    // timed one by one, in each round
  int warm_decisions = 10'000;    // with outcome and feedback, that the routing server starts with
  int stream_feedbacks = 50'000;  // in each round
  double unary_s = 2;             // of feedback one by one, in each round
  int influences = 100;           // feedbacks followed until they act
  int log_rows = 1'000'000;       // decisions, each with a feedback, of the long log
  int few_rows = 10'000;          // of the short log, that Route on the long one is compared with
  int row_rounds = 9;             // of that comparison: percentiles of both lie close together
  double endurance_s = 600;
  std::vector<double> load_points = {0.1, 0.25, 0.5, 0.75, 0.9};  // shares of the routing server's saturation
  std::vector<int> tiers = {2, 4, 8, 16, 32, 64};                 // growth
  std::vector<int> dimensions = {16, 32, 64, 128, 256};           // growth
};

inline Sizes FullSizes() { return {}; }

inline Sizes QuickSizes() {
  return {.name = "quick",
          .rounds = 3,
          .warmup_s = 0.5,
          .run_s = 1.5,
          .decisions = 5'000,
          .stream_feedbacks = 10'000,
          .unary_s = 1,
          .influences = 20,
          .log_rows = 20'000,
          .few_rows = 2'000,
          .row_rounds = 3,
          .endurance_s = 10,
          .tiers = {2, 4, 16, 64},
          .dimensions = {16, 64, 256}};
}

// For a test that everything is there: its numbers mean nothing.
inline Sizes SmallestSizes() {
  return {.name = "smallest",
          .rounds = 1,
          .warmup_s = 0.1,
          .run_s = 0.3,
          .decisions = 200,
          .warm_decisions = 400,
          .stream_feedbacks = 500,
          .unary_s = 0.2,
          .influences = 3,
          .log_rows = 1'000,
          .few_rows = 200,
          .row_rounds = 1,
          .endurance_s = 0.5,
          .load_points = {0.25, 0.5},
          .tiers = {2, 4},
          .dimensions = {16, 64}};
}

}  // namespace suffice::load
