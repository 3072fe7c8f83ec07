#include "evaluation/choice_mix.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace suffice {
namespace {

constexpr double kPenalty = 1e6;  // of a broken limit, in ranges of the objective
constexpr double kGap = 1e-9;     // in ranges of the objective
constexpr double kFeasibleWithin = 1e-7;
constexpr int kMostPivots = 2000;

bool IsEligible(const DualProblem& problem, size_t at) { return problem.eligible.empty() || problem.eligible[at]; }

// Largest minus smallest objective of what may be chosen.
double RangeOf(const DualProblem& problem) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (size_t at = 0; at < problem.objective.size(); ++at) {
    if (!IsEligible(problem, at)) continue;
    low = std::min(low, problem.objective[at]);
    high = std::max(high, problem.objective[at]);
  }
  return high > low ? high - low : 1;
}

// A variable of the programme: the share of a choice, the slack of a limit, or how far a limit is broken.
struct Column {
  enum class Kind { kChoice, kSlack, kBreach };
  Kind kind = Kind::kChoice;
  size_t limit = 0;  // slack and breach
  Choice choice;
  double objective = 0;        // of the whole column
  Eigen::VectorXd coefficients;  // by row: the limits, then the sum of shares
};

// The revised simplex method on the rows [limits; shares sum to 1]. There is always a feasible basis, since a breach
// is only dear.
class Simplex {
 public:
  explicit Simplex(const DualProblem& problem)
      : problem_(problem), rows_(static_cast<Eigen::Index>(problem.limits()) + 1), range_(RangeOf(problem)) {}

  ChoiceMix Solve();

 private:
  double penalty() const { return kPenalty * range_; }
  Column Unit(Column::Kind kind, size_t limit) const;
  // The best choice for every context under the prices `y` of the limits; its value there in `value`.
  Column BestChoice(const Eigen::VectorXd& y, double& value) const;
  void Start();
  void Price();
  // The column that gains most at the present prices; nothing at the optimum.
  std::optional<Column> Entering();
  void Pivot(Column entering);
  ChoiceMix Result() const;

  const DualProblem& problem_;
  const Eigen::Index rows_;
  const double range_;
  std::vector<Column> basis_;
  Eigen::MatrixXd inverse_;  // of the basis
  Eigen::VectorXd values_;   // of its variables
  Eigen::VectorXd prices_;   // of the rows
  double gap_ = 0;
};

Column Simplex::Unit(Column::Kind kind, size_t limit) const {
  Column column{.kind = kind, .limit = limit, .coefficients = Eigen::VectorXd::Zero(rows_)};
  column.coefficients[static_cast<Eigen::Index>(limit)] = kind == Column::Kind::kSlack ? 1 : -1;
  if (kind == Column::Kind::kBreach) column.objective = -penalty();
  return column;
}

Column Simplex::BestChoice(const Eigen::VectorXd& y, double& value) const {
  const auto options = static_cast<size_t>(problem_.options);
  const double n = static_cast<double>(problem_.contexts());
  Column column{.coefficients = Eigen::VectorXd::Zero(rows_)};
  column.choice.reserve(problem_.contexts());
  value = 0;
  for (size_t start = 0; start < problem_.objective.size(); start += options) {
    double best = -std::numeric_limits<double>::infinity();
    size_t chosen = start;
    for (size_t at = start; at < start + options; ++at) {
      if (!IsEligible(problem_, at)) continue;
      double score = problem_.objective[at];
      for (size_t j = 0; j < problem_.limits(); ++j) {
        score -= y[static_cast<Eigen::Index>(j)] * problem_.excess[j][at];
      }
      if (score > best) {
        best = score;
        chosen = at;
      }
    }
    value += best / n;
    column.choice.push_back(static_cast<uint8_t>(chosen - start));
    column.objective += problem_.objective[chosen] / n;
    for (size_t j = 0; j < problem_.limits(); ++j) {
      column.coefficients[static_cast<Eigen::Index>(j)] += problem_.excess[j][chosen] / n;
    }
  }
  column.coefficients[rows_ - 1] = 1;
  return column;
}

void Simplex::Start() {
  const std::vector<double> guess = SolveDual(problem_).multipliers;
  Eigen::VectorXd y = Eigen::VectorXd::Zero(rows_);
  for (size_t j = 0; j < guess.size(); ++j) y[static_cast<Eigen::Index>(j)] = guess[j];
  double value;
  Column first = BestChoice(y, value);
  for (size_t j = 0; j < problem_.limits(); ++j) {
    const bool kept = first.coefficients[static_cast<Eigen::Index>(j)] <= 0;
    basis_.push_back(Unit(kept ? Column::Kind::kSlack : Column::Kind::kBreach, j));
  }
  basis_.push_back(std::move(first));
}

void Simplex::Price() {
  Eigen::MatrixXd columns(rows_, rows_);
  Eigen::VectorXd objectives(rows_);
  for (Eigen::Index c = 0; c < rows_; ++c) {
    columns.col(c) = basis_[static_cast<size_t>(c)].coefficients;
    objectives[c] = basis_[static_cast<size_t>(c)].objective;
  }
  inverse_ = columns.inverse();
  values_ = inverse_.col(rows_ - 1);  // the right-hand side is 0 but for the shares' 1
  prices_ = inverse_.transpose() * objectives;
}

std::optional<Column> Simplex::Entering() {
  for (size_t j = 0; j < problem_.limits(); ++j) {
    const double price = prices_[static_cast<Eigen::Index>(j)];
    if (price < -kGap * range_) return Unit(Column::Kind::kSlack, j);
    if (price > penalty() * (1 + kGap)) return Unit(Column::Kind::kBreach, j);
  }
  double value;
  Column best = BestChoice(prices_, value);
  gap_ = std::max(0.0, value - prices_[rows_ - 1]);
  if (gap_ <= kGap * range_) return std::nullopt;
  return best;
}

void Simplex::Pivot(Column entering) {
  constexpr double kSmallestPivot = 1e-11;
  const Eigen::VectorXd direction = inverse_ * entering.coefficients;
  Eigen::Index leaving = -1;
  double least = std::numeric_limits<double>::infinity();
  for (Eigen::Index r = 0; r < rows_; ++r) {
    if (direction[r] <= kSmallestPivot) continue;
    const double ratio = std::max(0.0, values_[r]) / direction[r];
    // Of equal ratios the largest pivot, for numbers that stay exact.
    const bool tie = leaving >= 0 && std::abs(ratio - least) <= 1e-14;
    if (tie ? direction[r] > direction[leaving] : ratio < least) {
      least = std::min(ratio, least);
      leaving = r;
    }
  }
  assert(leaving >= 0);  // shares are bounded, and so is every mean
  if (leaving >= 0) basis_[static_cast<size_t>(leaving)] = std::move(entering);
}

ChoiceMix Simplex::Result() const {
  ChoiceMix mix{.feasible = true,
                .excess = std::vector<double>(problem_.limits()),
                .multipliers = std::vector<double>(problem_.limits()),
                .gap = gap_};
  for (Eigen::Index r = 0; r < rows_; ++r) {
    const Column& column = basis_[static_cast<size_t>(r)];
    const double value = std::max(0.0, values_[r]);
    if (column.kind == Column::Kind::kBreach && value > kFeasibleWithin) mix.feasible = false;
    if (column.kind != Column::Kind::kChoice || value <= 0) continue;
    mix.parts.push_back({value, column.choice});
    mix.objective += value * column.objective;
    for (size_t j = 0; j < mix.excess.size(); ++j) {
      mix.excess[j] += value * column.coefficients[static_cast<Eigen::Index>(j)];
    }
  }
  for (size_t j = 0; j < mix.multipliers.size(); ++j) {
    mix.multipliers[j] = std::max(0.0, prices_[static_cast<Eigen::Index>(j)]);
  }
  return mix;
}

ChoiceMix Simplex::Solve() {
  Start();
  Price();
  for (int pivots = 0; pivots < kMostPivots; ++pivots) {
    std::optional<Column> entering = Entering();
    if (!entering) break;
    Pivot(*std::move(entering));
    Price();
  }
  return Result();
}

}  // namespace

ChoiceMix SolveChoiceMix(const DualProblem& problem) { return Simplex(problem).Solve(); }

std::optional<double> ExactLeastExcess(const DualProblem& problem, size_t j) {
  DualProblem rest{.options = problem.options, .objective = problem.excess[j], .eligible = problem.eligible};
  for (double& value : rest.objective) value = -value;
  for (size_t k = 0; k < problem.limits(); ++k) {
    if (k != j) rest.excess.push_back(problem.excess[k]);
  }
  const ChoiceMix mix = SolveChoiceMix(rest);
  if (!mix.feasible) return std::nullopt;
  return -mix.objective;
}

}  // namespace suffice
