#include "learner/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "features/sketch.h"
#include "learner/settlement.h"

namespace suffice {
namespace {

constexpr uint64_t kFormat = 0x5355464653544154ULL;  // "SUFFSTAT", format 1

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

double Scale(const Eigen::MatrixXd& m) { return m.size() == 0 ? 0 : m.cwiseAbs().maxCoeff(); }

template <typename Matrix>
double Difference(const Matrix& a, const Matrix& b) {
  if (a.rows() != b.rows()) return std::numeric_limits<double>::infinity();
  const double scale = std::max({1.0, Scale(a), Scale(b)});
  return a.size() == 0 ? 0 : (a - b).cwiseAbs().maxCoeff() / scale;
}

double Difference(double a, double b) { return std::abs(a - b) / std::max({1.0, std::abs(a), std::abs(b)}); }

double Difference(const BucketedStatistics& a, const BucketedStatistics& b) {
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

Statistics::Statistics(FeatureSetPtr features, double half_life)
    : features_(std::move(features)), half_life_(half_life) {}

std::span<const float> Statistics::Project(const DecisionRecord& decision) {
  if (decision.feature_version == features_->version() &&
      decision.features.size() == static_cast<size_t>(features_->dimensions())) {
    return decision.features;
  }
  if (decision.sketch.empty()) return {};
  const auto sketch = Sketch::Decode(decision.sketch);
  if (!sketch.ok() || static_cast<int>(sketch->extras.size()) != features_->extras()) return {};
  scratch_.resize(features_->dimensions());
  features_->Compute(*sketch, scratch_);
  return scratch_;
}

void Statistics::Teach(TierStatistics& tier, const DecisionRecord& decision, std::span<const float> x,
                       const Lesson& lesson, double weight) {
  const int64_t bucket = decision.tier_ordinal / kBucketDecisions;
  if (lesson.reward) tier.quality.Add(bucket, x, weight, *lesson.reward);
  if (lesson.log_tokens) tier.output_tokens.Add(bucket, x, weight, *lesson.log_tokens);
  if (lesson.log_latency) tier.latency.Add(bucket, x, weight, *lesson.log_latency);
  if (lesson.input_tokens && decision.input_tokens_estimate > 0) {
    tier.input_tokens += weight * *lesson.input_tokens;
    tier.input_tokens_estimate += weight * decision.input_tokens_estimate;
  }
}

void Statistics::Fold(const ObservedDecision& observed, LogCursor before, LogCursor after, PriceBook& prices) {
  const DecisionRecord& decision = observed.decision;
  const auto price = prices.Find(decision.config_hash, decision.tier, decision.time_us);
  const Lesson old_lesson = LessonOf(observed, before, price);
  const Lesson new_lesson = LessonOf(observed, after, price);
  if (old_lesson == new_lesson) return;
  const std::span<const float> x = Project(decision);
  if (x.empty()) {
    ++skipped_;
    return;
  }
  TierStatistics& tier = tiers_.try_emplace(decision.tier, features_->dimensions(), half_life_).first->second;
  Teach(tier, decision, x, old_lesson, -1);
  Teach(tier, decision, x, new_lesson, 1);
}

std::string Statistics::Serialize() const {
  std::string bytes;
  Put(bytes, kFormat);
  Put(bytes, features_->version());
  Put(bytes, half_life_);
  Put(bytes, skipped_);
  Put(bytes, static_cast<uint32_t>(tiers_.size()));
  for (const auto& [name, tier] : tiers_) {
    Put(bytes, static_cast<uint32_t>(name.size()));
    bytes += name;
    tier.AppendTo(bytes);
  }
  return bytes;
}

absl::StatusOr<Statistics> Statistics::Deserialize(std::string_view bytes, FeatureSetPtr features, double half_life) {
  const auto malformed = [](const char* what) {
    return absl::InvalidArgumentError(std::string("statistics: ") + what);
  };
  uint64_t format, version;
  double saved_half_life;
  uint32_t count;
  Statistics statistics(std::move(features), half_life);
  if (!Take(bytes, format) || format != kFormat) return malformed("not in this format");
  if (!Take(bytes, version) || !Take(bytes, saved_half_life) || !Take(bytes, statistics.skipped_) ||
      !Take(bytes, count)) {
    return malformed("cut short");
  }
  if (version != statistics.features_->version()) return malformed("made with other features");
  if (saved_half_life != half_life) return malformed("made with another half-life");
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
  if (!bytes.empty()) return malformed("bytes left over");
  return statistics;
}

double RelativeDifference(const Statistics& a, const Statistics& b) {
  if (a.tiers().size() != b.tiers().size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (auto ia = a.tiers().begin(), ib = b.tiers().begin(); ia != a.tiers().end(); ++ia, ++ib) {
    if (ia->first != ib->first) return std::numeric_limits<double>::infinity();
    const TierStatistics &ta = ia->second, &tb = ib->second;
    worst = std::max({worst, Difference(ta.quality, tb.quality), Difference(ta.output_tokens, tb.output_tokens),
                      Difference(ta.latency, tb.latency), Difference(ta.input_tokens, tb.input_tokens),
                      Difference(ta.input_tokens_estimate, tb.input_tokens_estimate)});
  }
  return worst;
}

}  // namespace suffice
