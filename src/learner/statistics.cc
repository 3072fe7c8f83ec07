#include "learner/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/status_macros.h"
#include "features/sketch.h"
#include "learner/settlement.h"

namespace suffice {
namespace {

constexpr uint64_t kFormat = 0x5355464653544156ULL;  // "SUFFSTAT", format 3

template <typename T>
void Put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
bool Take(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof(value)) return false;
  std::memcpy(&value, bytes.data(), sizeof(value));
  bytes.remove_prefix(sizeof(value));
  return true;
}

// False for what no features make of any prompt, and no equations can be solved with: the row is damaged.
bool IsPlausible(std::span<const float> x) {
  constexpr float kLargest = 1e4F;
  return std::all_of(x.begin(), x.end(), [](float value) { return std::abs(value) <= kLargest; });
}

double Scale(const Eigen::MatrixXd& m) { return m.size() == 0 ? 0 : m.cwiseAbs().maxCoeff(); }

template <typename Matrix>
double Difference(const Matrix& a, const Matrix& b) {
  if (a.rows() != b.rows()) return std::numeric_limits<double>::infinity();
  const double scale = std::max({1.0, Scale(a), Scale(b)});
  return a.size() == 0 ? 0 : (a - b).cwiseAbs().maxCoeff() / scale;
}

double Difference(double a, double b) { return std::abs(a - b) / std::max({1.0, std::abs(a), std::abs(b)}); }

template <typename Sums>
double DifferenceOfSums(const Sums& a, const Sums& b) {
  const RidgeStatistics da = a.Discounted(), db = b.Discounted();
  return std::max({Difference(da.S(), db.S()), Difference(Eigen::MatrixXd(da.b()), Eigen::MatrixXd(db.b())),
                   Difference(da.n(), db.n()), Difference(da.yy(), db.yy())});
}

// Output tokens as billed, at the output price: where dollars were told, those that explain them.
std::optional<double> BilledOutputTokens(const Outcome& outcome, const PricedTokens& tokens, const Price& price) {
  if (outcome.cost_usd && price.output_usd_per_mtok > 0) {
    return std::max(0.0,
                    (*outcome.cost_usd * 1e6 - price.input_usd_per_mtok * tokens.input) / price.output_usd_per_mtok);
  }
  if (outcome.output_tokens) return tokens.output;
  return std::nullopt;
}

void AddInputTokens(const DecisionRecord& decision, const Lesson& lesson, double weight, TierStatistics& tier) {
  if (!lesson.input_tokens || decision.input_tokens_estimate <= 0) return;
  tier.input_tokens += weight * *lesson.input_tokens;
  tier.input_tokens_estimate += weight * decision.input_tokens_estimate;
}

}  // namespace

double WarmLatencyMs(double latency_ms, const DecisionRecord& decision) {
  for (const TierView& view : decision.tiers) {
    if (view.tier != decision.tier || latency_ms <= view.start_ms) continue;
    return std::max(latency_ms - view.start_ms, latency_ms / 100);
  }
  return latency_ms;
}

Lesson LessonOf(const ObservedDecision& observed, LogCursor upto, const std::optional<Price>& price) {
  Lesson lesson;
  const DecisionRecord& decision = observed.decision;
  if (decision.origin == DecisionOrigin::kLogOnly) return lesson;

  const bool settled = observed.outcome && observed.outcome->seq <= upto.outcome_seq;
  if (settled) {
    const Outcome& outcome = observed.outcome->outcome;
    if (!outcome.served_tier.empty() && outcome.served_tier != decision.tier) return lesson;
    if (observed.outcome->wrong_model) return lesson;
    if (outcome.status == CallStatus::kOk) {
      // Without a price list every token counts one.
      const PricedTokens tokens = PriceTokens(price.value_or(Price{}), decision.input_tokens_estimate, outcome);
      if (outcome.input_tokens) lesson.input_tokens = tokens.input;
      if (const auto output = BilledOutputTokens(outcome, tokens, price.value_or(Price{}))) {
        lesson.log_tokens = std::log1p(*output);
      }
      if (outcome.latency_ms && *outcome.latency_ms > 0) {
        lesson.log_latency = std::log(WarmLatencyMs(*outcome.latency_ms, decision));
      }
    }
  }
  double sum = 0;
  int count = 0;
  for (const FeedbackRecord& record : observed.feedback) {
    if (record.seq > upto.feedback_seq) continue;
    sum += record.feedback.reward;
    ++count;
  }
  if (count > 0) lesson.reward = sum / count;
  return lesson;
}

Statistics::Statistics(FeatureSetPtr features, double half_life, const DriftConfig& drift, const TrustConfig& trust)
    : features_(std::move(features)), half_life_(half_life), trust_(trust), drift_(drift) {}

Statistics::Statistics(std::shared_ptr<const Release> release, double half_life, const DriftConfig& drift,
                       const TrustConfig& trust)
    : features_(release->features), release_(std::move(release)), half_life_(half_life), trust_(trust), drift_(drift) {
  constexpr int64_t kBefore = -1;  // the bucket before all others
  for (const auto& [name, fit] : release_->tiers) {
    TierStatistics tier(features_->dimensions(), half_life_, drift.keep);
    tier.quality.AddSums(drift_.Epoch(name), kBefore, fit.quality);
    tier.output_tokens.AddSums(kBefore, fit.output_tokens);
    tier.latency.AddSums(kBefore, fit.latency);
    tier.input_tokens = fit.input_tokens;
    tier.input_tokens_estimate = fit.input_tokens_estimate;
    tiers_.emplace(name, std::move(tier));
  }
}

std::span<const float> Statistics::Project(const DecisionRecord& decision) {
  if (decision.feature_version == features_->version() &&
      decision.features.size() == static_cast<size_t>(features_->dimensions()) && IsPlausible(decision.features)) {
    return decision.features;
  }
  if (decision.sketch.empty()) return {};
  const auto sketch = Sketch::Decode(decision.sketch);
  if (!sketch.ok() || static_cast<int>(sketch->extras.size()) != features_->extras()) return {};
  scratch_.resize(features_->dimensions());
  features_->Compute(*sketch, scratch_);
  if (!IsPlausible(scratch_)) return {};
  return scratch_;
}

void Statistics::TakeBack(TierStatistics& tier, const DecisionRecord& decision, std::span<const float> x,
                          const Lesson& lesson) {
  const int64_t bucket = decision.tier_ordinal / kBucketDecisions;
  if (lesson.reward) {
    tier.quality.Add(drift_.EpochAt(decision.tier, decision.time_us), bucket, x, -1, *lesson.reward);
  }
  if (lesson.log_tokens) tier.output_tokens.Add(bucket, x, -1, *lesson.log_tokens);
  if (lesson.log_latency) tier.latency.Add(bucket, x, -1, *lesson.log_latency);
}

void Statistics::FoldAll(std::span<const ObservedDecision> touched, LogCursor before, LogCursor after,
                         PriceBook& prices) {
  trust_.Fold(touched, before, after);
  drift_.Fold(touched, before, after, trust_);
  TidySenders();
  MoveToEpochs();
  for (auto& [name, tier] : tiers_) tier.quality.ForgetBefore(FirstEpochKept(name));
  LessonBatch batch;
  for (const ObservedDecision& observed : touched) Fold(observed, before, after, prices, batch);
  batch.Flush();
}

void Statistics::MoveToEpochs() {
  for (auto& [name, rewards] : recent_) {
    TierStatistics& tier = tiers_.at(name);
    for (auto& [seq, recent] : rewards) {
      const int64_t epoch = drift_.EpochAt(name, recent.time_us);
      if (epoch == recent.epoch) continue;
      tier.quality.Add(recent.epoch, recent.bucket, recent.x, -1, recent.reward);
      tier.quality.Add(epoch, recent.bucket, recent.x, 1, recent.reward);
      AddTold(tier, recent.epoch, recent.bucket, recent.x, recent.told, -1);
      AddTold(tier, epoch, recent.bucket, recent.x, recent.told, 1);
      recent.epoch = epoch;
    }
  }
}

Statistics::Told Statistics::ToldOf(const ObservedDecision& observed, LogCursor upto, const Lesson& lesson) const {
  Told told;
  const auto predicted = lesson.reward ? PredictedReward(observed.decision) : std::nullopt;
  if (!predicted) return told;
  told.predicted = *predicted;
  for (const FeedbackRecord& record : observed.feedback) {
    if (record.seq > upto.feedback_seq) continue;
    told.opinions.push_back({.sender = trust_.NumberOf(SenderOf(record.feedback)),
                             .residual = record.feedback.reward - *predicted});
  }
  for (Opinion& opinion : told.opinions) opinion.share = 1 / static_cast<double>(told.opinions.size());
  return told;
}

void Statistics::AddTold(TierStatistics& tier, int64_t epoch, int64_t bucket, std::span<const float> x,
                         const Told& told, double weight) const {
  if (half_life_ == 0) bucket = 0;  // as BucketedStatistics has it
  for (const Opinion& opinion : told.opinions) {
    tier.senders.Add({epoch, bucket}, opinion.sender, x, weight * opinion.share, told.predicted, opinion.residual);
  }
}

double Statistics::BelievedReward(const ObservedDecision& observed, LogCursor upto) const {
  const auto predicted = PredictedReward(observed.decision);
  double sum = 0;
  int count = 0;
  for (const FeedbackRecord& record : observed.feedback) {
    if (record.seq > upto.feedback_seq) continue;
    const double reward = record.feedback.reward;
    const auto sender = static_cast<size_t>(trust_.NumberOf(SenderOf(record.feedback)));
    sum += predicted ? *predicted + trust_.weights()[sender] * (reward - *predicted) : reward;
    ++count;
  }
  return sum / count;
}

void Statistics::TidySenders() {
  for (const int number : trust_.given_up()) {
    for (auto& [name, tier] : tiers_) tier.senders.Move(number, 0);
    for (auto& [name, rewards] : recent_) {
      for (auto& [seq, recent] : rewards) {
        for (Opinion& opinion : recent.told.opinions) {
          if (opinion.sender == number) opinion.sender = 0;
        }
      }
    }
  }
  for (auto& [name, tier] : tiers_) {
    if (tier.senders.places() > tier.quality.buckets()) tier.senders.Keep(tier.quality.Weights());
  }
}

void Statistics::Remember(const ObservedDecision& observed, std::span<const float> x, const Lesson& lesson, Told told) {
  const DecisionRecord& decision = observed.decision;
  if (observed.feedback.empty() || !drift_.config().enabled) return;
  RecentRewards& rewards = recent_[decision.tier];
  const int64_t seq = observed.feedback.front().seq;
  if (!lesson.reward) {
    rewards.erase(seq);
    return;
  }
  rewards[seq] = {.time_us = decision.time_us,
                  .epoch = drift_.EpochAt(decision.tier, decision.time_us),
                  .bucket = decision.tier_ordinal / kBucketDecisions,
                  .reward = *lesson.reward,
                  .x = {x.begin(), x.end()},
                  .told = std::move(told)};
  if (rewards.size() > DriftFold::kRecentRewards) rewards.erase(rewards.begin());
}

void Statistics::Fold(const ObservedDecision& observed, LogCursor before, LogCursor after, PriceBook& prices,
                      LessonBatch& batch) {
  const DecisionRecord& decision = observed.decision;
  // What the release was fitted on is in its prior; what comes late for it waits for the next refit.
  if (release_ != nullptr && decision.seq <= release_->decision_seq) return;
  const auto price = prices.Find(decision.config_hash, decision.tier, decision.time_us);
  const Lesson old_lesson = LessonOf(observed, before, price);
  const Lesson new_lesson = LessonOf(observed, after, price);
  const bool heard = std::any_of(observed.feedback.begin(), observed.feedback.end(), [&](const FeedbackRecord& record) {
    return before.feedback_seq < record.seq && record.seq <= after.feedback_seq;
  });
  if (old_lesson == new_lesson && !heard) return;
  const std::span<const float> x = Project(decision);
  if (x.empty()) {
    ++skipped_;
    return;
  }
  const auto [found, is_new] =
      tiers_.try_emplace(decision.tier, features_->dimensions(), half_life_, drift_.config().keep);
  TierStatistics& tier = found->second;
  if (is_new) tier.quality.ForgetBefore(FirstEpochKept(decision.tier));
  const int64_t epoch = drift_.EpochAt(decision.tier, decision.time_us);
  const int64_t bucket = decision.tier_ordinal / kBucketDecisions;
  if (old_lesson != new_lesson) {
    AddInputTokens(decision, old_lesson, -1, tier);
    AddInputTokens(decision, new_lesson, 1, tier);
    Lesson taken = old_lesson, taught = new_lesson;
    for (const auto part : {&Lesson::reward, &Lesson::log_tokens, &Lesson::log_latency}) {
      if (taken.*part == taught.*part) taken.*part = taught.*part = std::nullopt;
    }
    TakeBack(tier, decision, x, taken);
    batch.Add(found->first, tier, epoch, bucket, x, taught);
  }
  Told told = ToldOf(observed, after, new_lesson);
  if (old_lesson.reward != new_lesson.reward || heard) {
    AddTold(tier, epoch, bucket, x, ToldOf(observed, before, old_lesson), -1);
    AddTold(tier, epoch, bucket, x, told, 1);
  }
  Remember(observed, x, new_lesson, std::move(told));
}

std::string Statistics::Serialize() const {
  std::string bytes;
  Put(bytes, kFormat);
  Put(bytes, features_->version());
  Put(bytes, half_life_);
  Put(bytes, skipped_);
  trust_.AppendTo(bytes);
  drift_.AppendTo(bytes);
  Put(bytes, static_cast<uint32_t>(tiers_.size()));
  for (const auto& [name, tier] : tiers_) {
    Put(bytes, static_cast<uint32_t>(name.size()));
    bytes += name;
    tier.AppendTo(bytes);
  }
  Put(bytes, static_cast<uint32_t>(recent_.size()));
  for (const auto& [name, rewards] : recent_) {
    Put(bytes, static_cast<uint32_t>(name.size()));
    bytes += name;
    Put(bytes, static_cast<uint32_t>(rewards.size()));
    for (const auto& [seq, recent] : rewards) {
      for (const int64_t value : {seq, recent.time_us, recent.epoch, recent.bucket}) Put(bytes, value);
      Put(bytes, recent.reward);
      bytes.append(reinterpret_cast<const char*>(recent.x.data()), recent.x.size() * sizeof(float));
      AppendTold(recent.told, bytes);
    }
  }
  return bytes;
}

void Statistics::AppendTold(const Told& told, std::string& bytes) {
  Put(bytes, told.predicted);
  Put(bytes, static_cast<uint32_t>(told.opinions.size()));
  for (const Opinion& opinion : told.opinions) {
    Put(bytes, static_cast<int32_t>(opinion.sender));
    Put(bytes, opinion.share);
    Put(bytes, opinion.residual);
  }
}

absl::StatusOr<Statistics::Told> Statistics::ReadTold(std::string_view& bytes) {
  const auto malformed = [] { return absl::InvalidArgumentError("statistics: malformed recent rewards"); };
  Told told;
  uint32_t count;
  if (!Take(bytes, told.predicted) || !Take(bytes, count)) return malformed();
  for (uint32_t i = 0; i < count; ++i) {
    int32_t sender;
    Opinion opinion;
    if (!Take(bytes, sender) || !Take(bytes, opinion.share) || !Take(bytes, opinion.residual)) return malformed();
    if (sender < 0 || sender > TrustFold::kSenders) return malformed();
    opinion.sender = sender;
    told.opinions.push_back(opinion);
  }
  return told;
}

absl::Status Statistics::ReadRecent(std::string_view& bytes) {
  const auto malformed = [] { return absl::InvalidArgumentError("statistics: malformed recent rewards"); };
  const size_t x_bytes = static_cast<size_t>(features_->dimensions()) * sizeof(float);
  uint32_t tiers, length, count;
  if (!Take(bytes, tiers)) return malformed();
  for (uint32_t i = 0; i < tiers; ++i) {
    if (!Take(bytes, length) || length > bytes.size()) return malformed();
    const std::string name(bytes.substr(0, length));
    bytes.remove_prefix(length);
    if (!Take(bytes, count) || count > DriftFold::kRecentRewards || !tiers_.contains(name)) return malformed();
    for (uint32_t k = 0; k < count; ++k) {
      int64_t seq;
      RecentReward recent;
      if (!Take(bytes, seq) || !Take(bytes, recent.time_us) || !Take(bytes, recent.epoch)) return malformed();
      if (!Take(bytes, recent.bucket) || !Take(bytes, recent.reward) || bytes.size() < x_bytes) return malformed();
      recent.x.resize(static_cast<size_t>(features_->dimensions()));
      std::memcpy(recent.x.data(), bytes.data(), x_bytes);
      bytes.remove_prefix(x_bytes);
      SUFFICE_ASSIGN_OR_RETURN(recent.told, ReadTold(bytes));
      recent_[name].insert_or_assign(seq, std::move(recent));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Statistics> Statistics::Deserialize(std::string_view bytes, FeatureSetPtr features, double half_life,
                                                  const DriftConfig& drift, const TrustConfig& trust,
                                                  std::shared_ptr<const Release> release) {
  const auto malformed = [](const char* what) {
    return absl::InvalidArgumentError(std::string("statistics: ") + what);
  };
  uint64_t format, version;
  double saved_half_life;
  uint32_t count;
  Statistics statistics(std::move(features), half_life, drift, trust);
  statistics.release_ = std::move(release);
  if (!Take(bytes, format) || format != kFormat) return malformed("not in this format");
  if (!Take(bytes, version) || !Take(bytes, saved_half_life) || !Take(bytes, statistics.skipped_)) {
    return malformed("cut short");
  }
  if (version != statistics.features_->version()) return malformed("made with other features");
  if (saved_half_life != half_life) return malformed("made with another half-life");
  SUFFICE_ASSIGN_OR_RETURN(statistics.trust_, TrustFold::Read(bytes, trust));
  SUFFICE_ASSIGN_OR_RETURN(statistics.drift_, DriftFold::Read(bytes, drift));
  if (!Take(bytes, count)) return malformed("cut short");
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t length;
    if (!Take(bytes, length) || length > bytes.size()) return malformed("cut short");
    const std::string name(bytes.substr(0, length));
    bytes.remove_prefix(length);
    auto tier = TierStatistics::Read(bytes);
    if (!tier.ok()) return tier.status();
    if (tier->quality.dimensions() != statistics.features_->dimensions()) return malformed("wrong dimensions");
    statistics.tiers_.insert_or_assign(name, *std::move(tier));
  }
  SUFFICE_RETURN_IF_ERROR(statistics.ReadRecent(bytes));
  if (!bytes.empty()) return malformed("bytes left over");
  return statistics;
}

namespace {

double Difference(const DriftFold& a, const DriftFold& b) {
  double worst = 0;
  for (const DriftFold* fold : {&a, &b}) {
    for (const auto& [name, unused] : fold->tiers()) {
      const TierDrift ta = a.tiers().contains(name) ? a.tiers().find(name)->second : TierDrift();
      const TierDrift tb = b.tiers().contains(name) ? b.tiers().find(name)->second : TierDrift();
      if (ta.alarms != tb.alarms) return std::numeric_limits<double>::infinity();
      worst = std::max({worst, Difference(ta.cusum.drop(), tb.cusum.drop()),
                        Difference(ta.cusum.rise(), tb.cusum.rise()),
                        Difference(a.CostRatio(name), b.CostRatio(name))});
    }
  }
  return worst;
}

}  // namespace

double RelativeDifference(const Statistics& a, const Statistics& b) {
  if (a.tiers().size() != b.tiers().size()) return std::numeric_limits<double>::infinity();
  double worst = Difference(a.drift(), b.drift());
  for (auto ia = a.tiers().begin(), ib = b.tiers().begin(); ia != a.tiers().end(); ++ia, ++ib) {
    if (ia->first != ib->first) return std::numeric_limits<double>::infinity();
    const TierStatistics &ta = ia->second, &tb = ib->second;
    // As believed, so that who told what is compared, too.
    const RidgeStatistics qa = ta.Quality(a.trust().weights(), 1), qb = tb.Quality(b.trust().weights(), 1);
    worst = std::max({worst, DifferenceOfSums(ta.quality, tb.quality),
                      Difference(Eigen::MatrixXd(qa.b()), Eigen::MatrixXd(qb.b())), Difference(qa.yy(), qb.yy()),
                      DifferenceOfSums(ta.output_tokens, tb.output_tokens), DifferenceOfSums(ta.latency, tb.latency),
                      Difference(ta.input_tokens, tb.input_tokens),
                      Difference(ta.input_tokens_estimate, tb.input_tokens_estimate)});
  }
  return worst;
}

}  // namespace suffice
