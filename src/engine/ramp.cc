#include "engine/ramp.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "base/ids.h"

namespace suffice {
namespace {

constexpr std::array<double, 4> kShares = {0.01, 0.05, 0.25, 1};
constexpr uint64_t kRampSalt = 0x4a3b;

// How many steps of the ramp lead to a share, itself included.
int64_t StepsTo(double share) {
  return 1 + std::count_if(kShares.begin(), kShares.end(), [share](double step) { return step < share; });
}

}  // namespace

double NextRampShare(double share) {
  const auto next = std::find_if(kShares.begin(), kShares.end(), [share](double step) { return step > share; });
  return next == kShares.end() ? 1 : *next;
}

bool TakesCandidate(std::string_view tenant, std::string_view session, const DecisionId& id, double share) {
  const uint64_t hash = session.empty() ? Hash64(id.Raw(), kRampSalt) : Hash64(session, Hash64(tenant, kRampSalt));
  return UnitInterval(hash) < share;
}

void SnapshotSource::PublishCandidate(SnapshotPtr snapshot, double share) {
  candidate_.Publish(std::move(snapshot));
  share_.store(share, std::memory_order_release);
}

const SnapshotPtr& SnapshotSource::For(const RouteRequest& request, const DecisionId& id) const {
  const double share = candidate_share();
  if (share > 0 && TakesCandidate(request.tenant, request.session, id, share)) return candidate_.Get();
  return base_.Get();
}

const SnapshotPtr& SnapshotSource::OfRelease(int64_t release) const {
  if (candidate_share() > 0) {
    const SnapshotPtr& candidate = candidate_.Get();
    if (candidate->release == release) return candidate;
  }
  return base_.Get();
}

int64_t SnapshotSource::candidate_release() const { return candidate_share() > 0 ? candidate_.Get()->release : 0; }

// Both sequences hold together with the asked confidence when each misses half as often.
RampTrial::RampTrial(const Config& config, int64_t base, int64_t candidate)
    : objective_(config.objective),
      floor_(config.limits.quality.relative_to.empty() ? config.limits.quality.floor : 0),
      ramp_decisions_(config.nightly.ramp_decisions),
      base_(base),
      candidate_(candidate),
      base_values_(1 - (1 - config.nightly.confidence) / 2),
      candidate_values_(1 - (1 - config.nightly.confidence) / 2) {}

double RampTrial::ValueOf(const ObservedDecision& observed, double reward) const {
  if (objective_.kind != ObjectiveKind::kWeighted) return reward;
  const double cost_usd =
      observed.outcome ? static_cast<double>(observed.outcome->cost_nanos) * 1e-9 : observed.decision.cost_usd.value;
  return (1 + std::clamp(reward - objective_.cost_weight * cost_usd, -1.0, 1.0)) / 2;
}

void RampTrial::Fold(const std::vector<ObservedDecision>& touched, LogCursor before, LogCursor after) {
  std::vector<const ObservedDecision*> rated;
  for (const ObservedDecision& observed : touched) {
    if (observed.decision.origin != DecisionOrigin::kLive || observed.feedback.empty()) continue;
    const int64_t seq = observed.feedback.front().seq;
    if (seq > before.feedback_seq && seq <= after.feedback_seq) rated.push_back(&observed);
  }
  std::sort(rated.begin(), rated.end(), [](const ObservedDecision* a, const ObservedDecision* b) {
    return a->feedback.front().seq < b->feedback.front().seq;
  });
  for (const ObservedDecision* observed : rated) {
    const DecisionRecord& decision = observed->decision;
    const double value = ValueOf(*observed, observed->feedback.front().feedback.reward);
    if (decision.release == candidate_) {
      if (started_us_ == 0) started_us_ = decision.time_us;
      candidate_values_.Add(value);
    } else if (decision.release == base_ && started_us_ != 0 && decision.time_us >= started_us_) {
      base_values_.Add(value);
    }
  }
}

std::string RampTrial::Compared() const {
  const bool weighted = objective_.kind == ObjectiveKind::kWeighted;
  const auto value = [weighted](double mapped) { return weighted ? 2 * mapped - 1 : mapped; };
  return fmt::format("release {}: {:.4f} [{:.4f}, {:.4f}] over {} rewards; release {}: {:.4f} [{:.4f}, {:.4f}] over {}",
                     candidate_, value(candidate_values_.Mean()), value(candidate_values_.Low()),
                     value(candidate_values_.High()), candidate_values_.n(), base_, value(base_values_.Mean()),
                     value(base_values_.Low()), value(base_values_.High()), base_values_.n());
}

RampTrial::Verdict RampTrial::At(double share) const {
  const bool against_floor = objective_.kind == ObjectiveKind::kMinCost && floor_ > 0;
  const double least = against_floor ? floor_ : base_values_.Low();
  if (candidate_values_.High() < least) {
    return {Step::kStop, fmt::format("ramp stopped at {:.0f}%: {}", 100 * share, Compared())};
  }
  if (candidate_values_.n() < ramp_decisions_ * StepsTo(share)) return {};
  return {Step::kAdvance, fmt::format("ramp went on from {:.0f}%: {}", 100 * share, Compared())};
}

}  // namespace suffice
