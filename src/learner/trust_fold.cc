#include "learner/trust_fold.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "base/status_macros.h"
#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr int64_t kJudgeEvery = 8;      // feedbacks of a tier
constexpr double kHalfLife = 500;       // of a sender's own feedbacks on a tier
constexpr double kNearHalfLife = 256;   // feedbacks of a tier
constexpr double kFewestOthers = 8;     // behind the mean that a residual is compared with
constexpr double kFewest = 3;           // feedbacks of a sender that is judged
constexpr size_t kFewestSenders = 4;    // of which one can be told to depart from the rest
constexpr double kHonestSpread = 0.05;  // standard deviation, in rewards, that honest senders may differ by at least
constexpr double kMedianSpread = 0.1;   // a sender known better than this has no more say in what is usual
// The mean of few rewards has longer tails than a normal's. With this, bounds in errors are near the binomial's own where
// 1 in 20 rewards is not 1.
constexpr double kLongTail = 0.5;
constexpr double kLeastWeight = 0.05;
// Where the weight begins to fall, and where it has fallen, as shares of the alarm: who is not worth one may be worth a
// doubt.
constexpr double kDoubted = 0.5, kDisbelieved = 0.65;
// A number is taken from a sender that has been silent for so many feedbacks, when another one needs it.
constexpr int64_t kSilence = 65536;
constexpr double kNormalMad = 1.4826022185056018;  // standard deviation over median absolute deviation

bool IsPredicted(DecisionOrigin origin) {
  return origin == DecisionOrigin::kLive || origin == DecisionOrigin::kApprentice;
}

struct Weighed {
  double value = 0, weight = 0;
};

// The middle of some values by weight.
double Median(std::vector<Weighed> values) {
  std::sort(values.begin(), values.end(), [](const Weighed& a, const Weighed& b) { return a.value < b.value; });
  double total = 0;
  for (const Weighed& v : values) total += v.weight;
  double below = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    below += values[i].weight;
    if (below == total / 2 && i + 1 < values.size()) return (values[i].value + values[i + 1].value) / 2;
    if (below > total / 2) return values[i].value;
  }
  return values.empty() ? 0 : values.back().value;
}

// How much further than by a known spread one of so many may stand from the others by chance: Student's t over the normal
// at 2.5 standard deviations, and as much again for a median's errors. REQUIRES: senders > 2.
double FewSenders(size_t senders) { return 1 + 4 / (static_cast<double>(senders) - 2); }

double FadeOf(double half_life) { return std::exp2(-1 / half_life); }

}  // namespace

std::optional<double> PredictedReward(const DecisionRecord& decision) {
  if (!IsPredicted(decision.origin)) return std::nullopt;
  for (const TierView& view : decision.tiers) {
    if (view.tier == decision.tier && std::isfinite(view.quality)) return std::clamp(view.quality, 0.0, 1.0);
  }
  return std::nullopt;
}

int TrustFold::NumberOf(const std::string& sender) const {
  const auto found = numbers_.find(sender);
  return found == numbers_.end() ? 0 : found->second;
}

double TrustFold::Believed(const FeedbackRecord& feedback, const DecisionRecord& decision) const {
  const double reward = feedback.feedback.reward;
  const auto doubted = doubted_.find(feedback.seq);
  const auto predicted = doubted == doubted_.end() ? std::nullopt : PredictedReward(decision);
  return predicted ? *predicted + doubted->second * (reward - *predicted) : reward;
}

void TrustFold::Fold(std::span<const ObservedDecision> touched, LogCursor before, LogCursor after) {
  doubted_.clear();
  given_up_.clear();
  std::vector<std::tuple<int64_t, const DecisionRecord*, const Feedback*>> events;
  for (const ObservedDecision& observed : touched) {
    for (const FeedbackRecord& record : observed.feedback) {
      const bool is_new = before.feedback_seq < record.seq && record.seq <= after.feedback_seq;
      if (is_new) events.emplace_back(record.seq, &observed.decision, &record.feedback);
    }
  }
  std::sort(events.begin(), events.end());
  for (const auto& [seq, decision, feedback] : events) {
    const auto predicted = PredictedReward(*decision);
    if (!predicted) continue;
    const int sender = Admit(SenderOf(*feedback), seq);
    if (const double weight = weights_[static_cast<size_t>(sender)]; weight < 1) doubted_.emplace(seq, weight);
    FoldResidual(tiers_[decision->tier], sender, feedback->reward - *predicted, seq);
  }
}

int TrustFold::Admit(const std::string& name, int64_t seq) {
  int sender = NumberOf(name);
  if (sender == 0 && !numbers_.contains(name)) {
    if (senders_.size() <= kSenders) {
      sender = static_cast<int>(senders_.size());
      senders_.emplace_back();
    } else {
      const auto silent = std::min_element(senders_.begin() + 1, senders_.end(),
                                           [](const Sender& a, const Sender& b) { return a.last_seq < b.last_seq; });
      if (silent->last_seq + kSilence < seq) GiveUp(sender = static_cast<int>(silent - senders_.begin()));
    }
    if (sender > 0) {
      senders_[static_cast<size_t>(sender)].name = name;
      numbers_[name] = sender;
    }
  }
  weights_.resize(senders_.size(), 1);
  senders_[static_cast<size_t>(sender)].last_seq = seq;
  return sender;
}

void TrustFold::GiveUp(int sender) {
  numbers_.erase(senders_[static_cast<size_t>(sender)].name);
  weights_[static_cast<size_t>(sender)] = 1;
  for (auto& [name, tier] : tiers_) tier.senders.erase(sender);
  given_up_.push_back(sender);
}

void TrustFold::FoldResidual(TierTrust& tier, int number, double residual, int64_t seq) {
  static const double near_fade = FadeOf(kNearHalfLife), fade = FadeOf(kHalfLife);
  SenderTrust& sender = tier.senders[number];
  const double others_n = tier.near_n - sender.near_n;
  if (others_n >= kFewestOthers) {
    const double departure = residual - (tier.near_sum - sender.near_sum) / others_n;
    sender.n = fade * sender.n + 1;
    sender.sum = fade * sender.sum + departure;
    sender.squares = fade * sender.squares + departure * departure;
  }
  tier.near_n *= near_fade;
  tier.near_sum *= near_fade;
  for (auto& [unused, each] : tier.senders) {
    each.near_n *= near_fade;
    each.near_sum *= near_fade;
  }
  tier.near_n += 1;
  tier.near_sum += residual;
  sender.near_n += 1;
  sender.near_sum += residual;
  if (++tier.feedbacks % kJudgeEvery == 0) Judge(tier, seq);
}

// Each sender's mean departure d has the standard error e = s / sqrt(n). What is usual is the median of the d, where a
// sender's say grows with what is known of it, but not beyond kMedianSpread: many lies weigh no more than one sender. What
// honest senders differ by is told from the median absolute deviation, less what the errors explain of it. A sender's own
// error is e + kLongTail / n.
void TrustFold::Judge(TierTrust& tier, int64_t seq) {
  if (config_.alarm == 0) return;
  double degrees = 0, squares = 0;
  std::vector<std::pair<int, SenderTrust*>> judged;
  for (auto& [number, sender] : tier.senders) {
    if (sender.n < kFewest) continue;
    degrees += sender.n - 1;
    squares += sender.squares - sender.sum * sender.sum / sender.n;
    judged.emplace_back(number, &sender);
  }
  if (judged.size() < kFewestSenders) return;
  const double variance = squares / degrees;
  std::vector<Weighed> means, deviations, errors;
  for (const auto& [number, sender] : judged) {
    const double error2 = variance / sender->n, say = 1 / (error2 + kMedianSpread * kMedianSpread);
    means.push_back({sender->sum / sender->n, say});
    errors.push_back({error2, say});
  }
  const double usual = Median(means);
  for (const Weighed& mean : means) deviations.push_back({std::abs(mean.value - usual), mean.weight});
  const double spread = kNormalMad * FewSenders(judged.size()) * Median(deviations);
  const double spread2 = std::max(kHonestSpread * kHonestSpread, spread * spread - Median(errors));
  for (size_t i = 0; i < judged.size(); ++i) {
    const auto& [number, sender] = judged[i];
    const double error = std::sqrt(errors[i].value) + kLongTail / sender->n;
    sender->departure = (means[i].value - usual) / std::sqrt(error * error + spread2);
    const double size = std::abs(sender->departure);
    const double fallen = (size / config_.alarm - kDoubted) / (kDisbelieved - kDoubted);
    sender->weight = std::clamp(1 - fallen, kLeastWeight, 1.0);
    if (size < config_.alarm) sender->alarm_seq = 0;
    if (size >= config_.alarm && sender->alarm_seq == 0) sender->alarm_seq = seq;
    double& weight = weights_[static_cast<size_t>(number)];
    weight = 1;
    for (const auto& [unused, other] : tiers_) {
      if (const auto found = other.senders.find(number); found != other.senders.end()) {
        weight = std::min(weight, found->second.weight);
      }
    }
  }
}

namespace {

absl::Status Malformed() { return absl::InvalidArgumentError("trust: malformed bytes"); }

std::vector<double SenderTrust::*> Numbers() {
  return {&SenderTrust::n,        &SenderTrust::sum,       &SenderTrust::squares, &SenderTrust::near_n,
          &SenderTrust::near_sum, &SenderTrust::departure, &SenderTrust::weight};
}

bool ReadNumber(std::string_view& bytes, double& number) {
  const auto read = ReadValue<double>(bytes);
  if (!read || !std::isfinite(*read)) return false;
  number = *read;
  return true;
}

}  // namespace

void TrustFold::AppendTo(std::string& bytes) const {
  AppendValue(bytes, config_.alarm);
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(senders_.size()));
  for (const Sender& sender : senders_) {
    AppendText(bytes, sender.name);
    AppendValue(bytes, sender.last_seq);
  }
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(tiers_.size()));
  for (const auto& [name, tier] : tiers_) {
    AppendText(bytes, name);
    AppendValue(bytes, tier.feedbacks);
    AppendValue(bytes, tier.near_n);
    AppendValue(bytes, tier.near_sum);
    AppendValue<uint32_t>(bytes, static_cast<uint32_t>(tier.senders.size()));
    for (const auto& [number, sender] : tier.senders) {
      AppendValue<int32_t>(bytes, number);
      AppendValue(bytes, sender.alarm_seq);
      for (const auto value : Numbers()) AppendValue(bytes, sender.*value);
    }
  }
}

absl::StatusOr<TrustFold> TrustFold::Read(std::string_view& bytes, const TrustConfig& config) {
  TrustFold result(config);
  const auto alarm = ReadValue<double>(bytes);
  if (!alarm || *alarm != config.alarm) return absl::InvalidArgumentError("trust: made with other settings");
  const auto senders = ReadValue<uint32_t>(bytes);
  if (!senders || *senders < 1 || *senders > kSenders + 1) return Malformed();
  result.senders_.resize(*senders);
  result.weights_.assign(*senders, 1);
  for (size_t i = 0; i < *senders; ++i) {
    auto name = ReadText(bytes);
    const auto last_seq = ReadValue<int64_t>(bytes);
    if (!name || !last_seq) return Malformed();
    result.senders_[i] = {*std::move(name), *last_seq};
    if (i > 0) result.numbers_[result.senders_[i].name] = static_cast<int>(i);
  }
  const auto tiers = ReadValue<uint32_t>(bytes);
  if (!tiers) return Malformed();
  for (uint32_t i = 0; i < *tiers; ++i) {
    const auto name = ReadText(bytes);
    const auto feedbacks = ReadValue<int64_t>(bytes);
    if (!name || !feedbacks) return Malformed();
    TierTrust& tier = result.tiers_[*name];
    tier.feedbacks = *feedbacks;
    if (!ReadNumber(bytes, tier.near_n) || !ReadNumber(bytes, tier.near_sum)) return Malformed();
    const auto count = ReadValue<uint32_t>(bytes);
    if (!count) return Malformed();
    for (uint32_t k = 0; k < *count; ++k) {
      const auto number = ReadValue<int32_t>(bytes);
      const auto alarm_seq = ReadValue<int64_t>(bytes);
      if (!number || *number < 0 || static_cast<uint32_t>(*number) >= *senders || !alarm_seq) return Malformed();
      SenderTrust& sender = tier.senders[*number];
      sender.alarm_seq = *alarm_seq;
      for (const auto value : Numbers()) {
        if (!ReadNumber(bytes, sender.*value)) return Malformed();
      }
      double& weight = result.weights_[static_cast<size_t>(*number)];
      weight = std::min(weight, sender.weight);
    }
  }
  return result;
}

}  // namespace suffice
