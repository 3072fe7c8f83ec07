// How far each sender's feedback is believed: a fold of feedback in the order of the log, from the decisions' own rows,
// so that features and batches do not matter. A reward's residual against its row's prediction is compared with the
// residuals of all other senders at the time, on the same tier. Who departs from what is usual among senders by more
// than half of `trust.alarm` standard errors is believed less, on every tier, and by more than `trust.alarm` is
// alarmed of; nobody is silenced, since a sender may be the first to tell of prompts that nobody else has.
// Thread contract: confined to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

// Who is taken to have sent a feedback: its key, and where there was none its tenant.
inline const std::string& SenderOf(const Feedback& feedback) {
  return feedback.sender.empty() ? feedback.tenant : feedback.sender;
}

// The prediction that a feedback on the decision is compared with, in [0, 1]; nothing where no policy made one.
std::optional<double> PredictedReward(const DecisionRecord& decision);

// One sender on one tier.
struct SenderTrust {
  // Discounted sums over its feedback of its residual less the mean of the others', and of the square of that.
  double n = 0, sum = 0, squares = 0;
  double near_n = 0, near_sum = 0;  // its part of TierTrust's
  double departure = 0;             // in standard errors, as last judged
  double weight = 1;                // that follows from it
  int64_t alarm_seq = 0;            // of the feedback with which an alarm began that lasts; 0: none

  bool operator==(const SenderTrust&) const = default;
};

struct TierTrust {
  int64_t feedbacks = 0;
  double near_n = 0, near_sum = 0;  // of all senders' residuals, old ones fading
  std::map<int, SenderTrust> senders;

  bool operator==(const TierTrust&) const = default;
};

class TrustFold {
 public:
  // Senders that are told apart; the others count as one, sender 0.
  static constexpr int kSenders = 64;

  explicit TrustFold(const TrustConfig& config) : config_(config), senders_(1), weights_(1, 1.0) {}

  // Folds the feedback with `before` < seq <= `after`. `touched`: every decision that got one of them, in any order.
  void Fold(std::span<const ObservedDecision> touched, LogCursor before, LogCursor after);

  const TrustConfig& config() const { return config_; }
  // The sender's number; 0 for one that is not told apart.
  int NumberOf(const std::string& sender) const;
  const std::string& NameOf(int sender) const { return senders_[static_cast<size_t>(sender)].name; }
  const std::map<std::string, TierTrust, std::less<>>& tiers() const { return tiers_; }
  // By sender, in (0, 1]: the least of any tier.
  const std::vector<double>& weights() const { return weights_; }
  // A reward as far as it was believed when it came: of a feedback that the last Fold took in.
  double Believed(const FeedbackRecord& feedback, const DecisionRecord& decision) const;
  // Numbers that the last Fold took away from senders that had long been silent: what they told is now sender 0's.
  const std::vector<int>& given_up() const { return given_up_; }

  void AppendTo(std::string& bytes) const;
  // INVALID_ARGUMENT when malformed or made with other settings.
  static absl::StatusOr<TrustFold> Read(std::string_view& bytes, const TrustConfig& config);

  // Of what lasts from one Fold to the next.
  bool operator==(const TrustFold& other) const {
    return senders_ == other.senders_ && tiers_ == other.tiers_ && weights_ == other.weights_;
  }

 private:
  struct Sender {
    std::string name;
    int64_t last_seq = 0;  // of its newest feedback
    bool operator==(const Sender&) const = default;
  };

  int Admit(const std::string& sender, int64_t seq);
  void GiveUp(int sender);
  void FoldResidual(TierTrust& tier, int sender, double residual, int64_t seq);
  void Judge(TierTrust& tier, int64_t seq);

  TrustConfig config_;
  std::vector<Sender> senders_;  // by number
  absl::flat_hash_map<std::string, int> numbers_;
  std::map<std::string, TierTrust, std::less<>> tiers_;
  std::vector<double> weights_;
  // Of the last Fold.
  absl::flat_hash_map<int64_t, double> doubted_;  // weight by seq, where it was less than 1
  std::vector<int> given_up_;
};

}  // namespace suffice
