#include "stats/confidence_sequence.h"

#include <algorithm>
#include <cmath>

#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr double kLargestBet = 0.5;

// psi_E(lambda) / 4, with v_t = 4 (x_t - mean)^2: the factors cancel.
double Psi(double bet) { return -std::log1p(-bet) - bet; }

}  // namespace

ConfidenceSequence::ConfidenceSequence(double confidence) : log_term_(std::log(2 / (1 - confidence))) {}

void ConfidenceSequence::Add(double x) {
  const double t = static_cast<double>(n_) + 1;
  const double mean = (0.5 + sum_) / t;                          // before x
  const double variance = (0.25 + centred_squares_) / t;         // before x
  const double bet = std::min(kLargestBet, std::sqrt(2 * log_term_ / (variance * t * std::log1p(t))));
  bets_ += bet;
  bet_sum_ += bet * x;
  variance_sum_ += (x - mean) * (x - mean) * Psi(bet);
  ++n_;
  sum_ += x;
  const double mean_with_x = (0.5 + sum_) / (t + 1);
  centred_squares_ += (x - mean_with_x) * (x - mean_with_x);
}

double ConfidenceSequence::Mean() const { return n_ == 0 ? 0.5 : sum_ / static_cast<double>(n_); }

double ConfidenceSequence::Width() const { return (log_term_ + variance_sum_) / bets_; }

double ConfidenceSequence::Low() const { return n_ == 0 ? 0 : std::max(0.0, bet_sum_ / bets_ - Width()); }

double ConfidenceSequence::High() const { return n_ == 0 ? 1 : std::min(1.0, bet_sum_ / bets_ + Width()); }

void ConfidenceSequence::AppendTo(std::string& bytes) const {
  AppendValue(bytes, log_term_);
  AppendValue(bytes, n_);
  for (const double value : {sum_, centred_squares_, bets_, bet_sum_, variance_sum_}) AppendValue(bytes, value);
}

absl::StatusOr<ConfidenceSequence> ConfidenceSequence::Read(std::string_view& bytes) {
  ConfidenceSequence result;
  const auto log_term = ReadValue<double>(bytes);
  const auto n = ReadValue<int64_t>(bytes);
  bool whole = log_term && n && std::isfinite(*log_term) && *n >= 0;
  for (double* value : {&result.sum_, &result.centred_squares_, &result.bets_, &result.bet_sum_,
                        &result.variance_sum_}) {
    const auto read = ReadValue<double>(bytes);
    whole = whole && read && std::isfinite(*read);
    if (whole) *value = *read;
  }
  if (!whole) return absl::InvalidArgumentError("confidence sequence: malformed bytes");
  result.log_term_ = *log_term;
  result.n_ = *n;
  return result;
}

}  // namespace suffice
