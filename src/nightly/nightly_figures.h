// The pictures of a night's report, as standalone SVG.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/baselines.h"
#include "nightly/gate_evidence.h"
#include "off_policy/gate.h"

namespace suffice {

// One line a policy: the estimate and its interval. `scale` multiplies the values.
struct IntervalLine {
  std::string name;
  ValueEstimate estimate;
  bool is_candidate = false;
};
std::string IntervalsSvg(const std::vector<IntervalLine>& lines, const std::string& axis_name, double scale);

// Predicted quality against the mean reward in ten bins of held-out evaluations, one line a tier, before calibration
// falls on the diagonal only if it was right. REQUIRES: evidence.evaluated is not empty.
std::string ReliabilitySvg(const GateEvidence& evidence, const Config& config);

// Most quality for the money on the held-out evaluations, by the predictions of the candidate and by those that were
// logged: each prompt goes to the tier with the most predicted quality less a price of money, at every price; what is
// drawn is what the answers were really worth.
struct Frontiers {
  std::vector<QualityCost> before, after;  // by rising cost; `before` is empty where nothing was logged
};
Frontiers MeasureFrontiers(const GateEvidence& evidence, const Config& config, EventLog* log);
std::string FrontiersSvg(const Frontiers& frontiers, const std::vector<GateRival>& rivals);

// Mean reward of the traffic's decisions in up to 40 windows of time. Empty where fewer than two have rewards.
std::string RewardOverTimeSvg(const LogTable& traffic);

}  // namespace suffice
