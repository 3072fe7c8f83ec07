#include "limits/dual.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace suffice {
namespace {

constexpr double kFirstStep = 1e-3;  // where a bracket begins that knows nothing better
constexpr double kGrowth = 4;        // of the bracket
constexpr int kBisections = 30;
constexpr int kSweeps = 8;
constexpr double kSettled = 1e-6;  // relative change of every multiplier after which sweeps end

// The problem along one multiplier, the others held: choices maximise base - lambda * excess.
class Line {
 public:
  Line(const DualProblem& problem, size_t j) : problem_(problem), excess_(problem.excess[j]) {}

  // base = objective - sum over the other limits.
  void Hold(const std::vector<double>& multipliers, size_t j) {
    base_ = problem_.objective;
    for (size_t k = 0; k < problem_.limits(); ++k) {
      if (k == j || multipliers[k] == 0) continue;
      const std::vector<double>& other = problem_.excess[k];
      for (size_t i = 0; i < base_.size(); ++i) base_[i] -= multipliers[k] * other[i];
    }
    if (problem_.eligible.empty()) return;
    for (size_t i = 0; i < base_.size(); ++i) {
      if (!problem_.eligible[i]) base_[i] = -std::numeric_limits<double>::infinity();
    }
  }

  // Mean excess of the choices at lambda: the dual's slope is its negative.
  double MeanExcess(double lambda) const {
    const auto options = static_cast<size_t>(problem_.options);
    double sum = 0;
    for (size_t at = 0; at < base_.size(); at += options) {
      double best = -std::numeric_limits<double>::infinity(), excess = 0;
      for (size_t a = at; a < at + options; ++a) {
        const double score = base_[a] - lambda * excess_[a];
        // Of equals the one that uses less: at a kink the slope from the right.
        if (score > best || (score == best && excess_[a] < excess)) {
          best = score;
          excess = excess_[a];
        }
      }
      sum += excess;
    }
    return sum / static_cast<double>(problem_.contexts());
  }

  // The least lambda whose choices have mean excess <= -tightening; kMaxMultiplier when there is none.
  double Solve(double tightening, double near) const {
    const auto keeps = [&](double lambda) { return MeanExcess(lambda) + tightening <= 0; };
    if (keeps(0)) return 0;
    double high = near > 0 ? near : kFirstStep, low = 0;
    if (keeps(high)) {
      while (high > 1e-9 && keeps(high / kGrowth)) high /= kGrowth;
      low = high / kGrowth;
    } else {
      do {
        low = high;
        high = std::min(high * kGrowth, kMaxMultiplier);
        if (low == kMaxMultiplier) return kMaxMultiplier;
      } while (!keeps(high));
    }
    for (int k = 0; k < kBisections && high - low > 1e-7 * high; ++k) {
      const double middle = std::sqrt(low * high);
      (keeps(middle) ? high : low) = middle;
    }
    return high;
  }

 private:
  const DualProblem& problem_;
  const std::vector<double>& excess_;
  std::vector<double> base_;
};

// Fills in what the choices under the solution's multipliers are like.
void Evaluate(const DualProblem& problem, std::span<const double> tightening, DualSolution& solution) {
  const auto options = static_cast<size_t>(problem.options);
  const double n = static_cast<double>(problem.contexts());
  solution.excess.assign(problem.limits(), 0);
  solution.objective = solution.value = 0;
  for (size_t at = 0; at < problem.objective.size(); at += options) {
    double best = -std::numeric_limits<double>::infinity();
    size_t chosen = at;
    for (size_t a = at; a < at + options; ++a) {
      if (!problem.eligible.empty() && !problem.eligible[a]) continue;
      double score = problem.objective[a];
      for (size_t j = 0; j < problem.limits(); ++j) score -= solution.multipliers[j] * problem.excess[j][a];
      if (score > best) {
        best = score;
        chosen = a;
      }
    }
    solution.value += best / n;
    solution.objective += problem.objective[chosen] / n;
    for (size_t j = 0; j < problem.limits(); ++j) solution.excess[j] += problem.excess[j][chosen] / n;
  }
  for (size_t j = 0; j < tightening.size(); ++j) solution.value -= solution.multipliers[j] * tightening[j];
}

// The problem of least excess of limit j: it becomes the objective.
DualProblem WithoutLimit(const DualProblem& problem, size_t j) {
  DualProblem rest;
  rest.options = problem.options;
  rest.eligible = problem.eligible;
  rest.objective = problem.excess[j];
  for (double& value : rest.objective) value = -value;
  for (size_t k = 0; k < problem.limits(); ++k) {
    if (k != j) rest.excess.push_back(problem.excess[k]);
  }
  return rest;
}

}  // namespace

DualSolution SolveDual(const DualProblem& problem, std::span<const double> tightening, std::vector<double> warm_start) {
  assert(problem.contexts() > 0);
  const size_t limits = problem.limits();
  DualSolution solution{.multipliers = std::move(warm_start)};
  solution.multipliers.resize(limits);
  std::vector<Line> lines;
  for (size_t j = 0; j < limits; ++j) lines.emplace_back(problem, j);
  for (int sweep = 0; sweep < (limits > 1 ? kSweeps : 1); ++sweep) {
    double change = 0;
    for (size_t j = 0; j < limits; ++j) {
      lines[j].Hold(solution.multipliers, j);
      const double before = solution.multipliers[j];
      const double after = lines[j].Solve(j < tightening.size() ? tightening[j] : 0, before);
      solution.multipliers[j] = after;
      change = std::max(change, std::abs(after - before) / std::max({after, before, 1e-12}));
    }
    if (change < kSettled) break;
  }
  for (const double multiplier : solution.multipliers) solution.clamped |= multiplier >= kMaxMultiplier;
  Evaluate(problem, tightening, solution);
  return solution;
}

std::optional<double> LeastExcess(const DualProblem& problem, size_t j, double within) {
  const DualProblem rest = WithoutLimit(problem, j);
  if (!IsFeasible(rest, within)) return std::nullopt;
  return -SolveDual(rest).value;
}

bool IsFeasible(const DualProblem& problem, double within) {
  if (problem.limits() == 0) return true;
  const std::optional<double> least = LeastExcess(problem, 0, within);
  return least && *least <= within;
}

}  // namespace suffice
