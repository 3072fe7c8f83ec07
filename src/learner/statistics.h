// The statistics of all tiers: a fold of the event log. Sums by epoch, so that between two drift alarms the order of
// events does not matter. Thread contract: confined to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "estimates/tier_model.h"
#include "features/feature_set.h"
#include "learner/drift_fold.h"
#include "learner/lesson.h"
#include "learner/lesson_batch.h"
#include "learner/price_book.h"
#include "learner/release.h"
#include "learner/trust_fold.h"
#include "log/event_log.h"

namespace suffice {

// What the call of a decision would have taken on a warm tier: less the start that the decision counted on, but for a
// hundredth. A call that took no longer than the start found the tier warm.
double WarmLatencyMs(double latency_ms, const DecisionRecord& decision);

// A decision teaches nothing in mode log_only, when its call failed, or when another tier or another model served it
// (a fallback's answer says nothing about the chosen tier). Tokens are counted as PriceTokens does; where dollars were
// told, the output tokens are those that explain them at `price`.
Lesson LessonOf(const ObservedDecision& observed, LogCursor upto, const std::optional<Price>& price);

class Statistics {
 public:
  // half_life in observations, 0: never forget.
  Statistics(FeatureSetPtr features, double half_life, const DriftConfig& drift = {}, const TrustConfig& trust = {});
  // Begins with the release's prior statistics, as if they were observations before all that are folded.
  // REQUIRES: release->features.
  Statistics(std::shared_ptr<const Release> release, double half_life, const DriftConfig& drift = {},
             const TrustConfig& trust = {});

  // Folds what became known of the touched decisions between two cursors: trust first, which says how far a sender is
  // believed, then drift, which says to what epoch of its tier a decision belongs, then each decision's lesson.
  void FoldAll(std::span<const ObservedDecision> touched, LogCursor before, LogCursor after, PriceBook& prices);

  // x of the decision under `features()`; empty when it cannot be had. Valid until the next call.
  std::span<const float> Project(const DecisionRecord& decision);

  const FeatureSetPtr& features() const { return features_; }
  // That the statistics began with; null: none.
  const std::shared_ptr<const Release>& release() const { return release_; }
  double half_life() const { return half_life_; }
  const std::map<std::string, TierStatistics>& tiers() const { return tiers_; }
  const DriftFold& drift() const { return drift_; }
  const TrustFold& trust() const { return trust_; }
  // Mean of the decision's feedback up to a cursor, as far as its senders are believed now. REQUIRES: it has some.
  double BelievedReward(const ObservedDecision& observed, LogCursor upto) const;
  // Decisions that could not be projected on these features (made with others, and no sketch was kept).
  int64_t skipped() const { return skipped_; }

  std::string Serialize() const;
  // INVALID_ARGUMENT when malformed or made for another feature version, half-life, drift settings or trust.alarm.
  // `release`: that the kept statistics began with; null: none.
  static absl::StatusOr<Statistics> Deserialize(std::string_view bytes, FeatureSetPtr features, double half_life,
                                                const DriftConfig& drift = {}, const TrustConfig& trust = {},
                                                std::shared_ptr<const Release> release = nullptr);

 private:
  // What one sender told of a decision: its part of the mean reward, and how far it was from the prediction.
  struct Opinion {
    int sender = 0;
    double share = 0;
    double residual = 0;
  };
  // What was predicted and told. No opinions: nothing was, or nothing that can be compared.
  struct Told {
    double predicted = 0;
    std::vector<Opinion> opinions;
  };
  // A reward that may yet turn out to belong to a new epoch: an alarm comes some time after the change it tells of.
  struct RecentReward {
    int64_t time_us = 0;  // of the decision
    int64_t epoch = 0;    // that it was added to
    int64_t bucket = 0;
    double reward = 0;
    std::vector<float> x;
    Told told;
  };
  using RecentRewards = std::map<int64_t, RecentReward>;  // by the seq of the decision's first feedback

  // Moves recent rewards to the epochs that their decisions belong to now.
  void MoveToEpochs();
  void Remember(const ObservedDecision& observed, std::span<const float> x, const Lesson& lesson, Told told);
  Told ToldOf(const ObservedDecision& observed, LogCursor upto, const Lesson& lesson) const;
  void AddTold(TierStatistics& tier, int64_t epoch, int64_t bucket, std::span<const float> x, const Told& told,
               double weight) const;
  // Numbers that senders lost are sender 0's; sums that were forgotten are forgotten of senders, too.
  void TidySenders();
  static void AppendTold(const Told& told, std::string& bytes);
  static absl::StatusOr<Told> ReadTold(std::string_view& bytes);
  absl::Status ReadRecent(std::string_view& bytes);
  // Takes back what has changed of one decision's old lesson and puts the new one into the batch.
  void Fold(const ObservedDecision& observed, LogCursor before, LogCursor after, PriceBook& prices,
            LessonBatch& batch);
  // Of a tier's epochs only the newest few still have weight.
  int64_t FirstEpochKept(const std::string& tier) const { return drift_.Epoch(tier) - kEpochsKept + 1; }
  void TakeBack(TierStatistics& tier, const DecisionRecord& decision, std::span<const float> x, const Lesson& lesson);

  static constexpr int64_t kEpochsKept = 8;

  FeatureSetPtr features_;
  std::shared_ptr<const Release> release_;
  double half_life_;
  TrustFold trust_;
  DriftFold drift_;
  std::map<std::string, TierStatistics> tiers_;
  std::map<std::string, RecentRewards> recent_;  // at most DriftFold::kRecentRewards a tier
  std::vector<float> scratch_;
  int64_t skipped_ = 0;
};

// Largest difference between the two, relative to the larger entry of each sum's scale: 0 when equal, infinity when
// tiers, dimensions or alarms differ.
double RelativeDifference(const Statistics& a, const Statistics& b);

}  // namespace suffice
