// The rule by which a candidate takes the place of the serving policy.
//
// One look is taken at each candidate (the nightly job makes a new one every night), so the rule is by one-sided
// intervals for one look: at confidence 0.95 a candidate that is no better than `margin` is promoted in at most 5% of
// the nights. Somebody who looks at one candidate again and again sets `many_looks`, and the confidence sequence
// decides. Thread contract: pure functions on plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "off_policy/policy_value.h"

namespace suffice {

// One limit, and what the candidate is estimated to use of it.
struct GateLimit {
  std::string name;     // the configuration's key, "limits.cost.mean_usd" say
  double limit = 0;     // in the unit of `candidate`
  bool at_most = true;  // false: a floor
  ValueEstimate candidate;
  std::optional<ValueEstimate> difference;  // candidate minus serving, paired
};

// A policy that the candidate is shown beside. Only the serving policy has a say in the verdict.
struct GateRival {
  std::string name;  // "serving", "always cheap", ...
  ValueEstimate quality, cost_usd;
  std::optional<ValueEstimate> late;        // share, where there is a latency limit
  std::optional<ValueEstimate> difference;  // objective of the candidate minus this one's
};

struct GateInput {
  std::string objective = "quality";  // what `difference` is of, for people
  // Candidate minus serving policy, of the objective, more being better: a cost enters with its sign changed.
  ValueEstimate difference;
  int64_t audits = 0;        // rows behind it whose measure was observed
  double confidence = 0.95;  // of each one-sided test
  double margin = 0;         // to be better by more than this, in units of the objective
  bool many_looks = false;   // by the sequence of `difference` (see above), made for `intended_rows`
  double intended_rows = 1000;
  double power = 0.8;              // with which `more_audits` would find the estimated difference
  double max_unobservable = 0.01;  // share of choices that may rest on the model alone
  std::vector<GateLimit> limits;
  std::vector<GateRival> rivals;  // the candidate itself first; for the report
};

enum class Verdict { kPromote, kKeep, kNotEnoughEvidence };
std::string_view ToString(Verdict verdict);  // "promote", "keep", "not_enough_evidence"

enum class LimitFinding {
  kKept,    // the candidate surely keeps it
  kOpen,    // it may or may not
  kBroken,  // surely not; or it is estimated not to, and the candidate is surely worse at it than the serving policy
};
std::string_view ToString(LimitFinding finding);  // "kept", "open", "broken"

struct LimitTest {
  std::string name;
  double limit = 0;
  bool at_most = true;
  double value = 0, low = 0, high = 0;  // one-sided ends
  LimitFinding finding = LimitFinding::kOpen;
};

struct GateVerdict {
  Verdict verdict = Verdict::kKeep;
  std::string reason;                       // one sentence, for people
  double lower_bound = 0, upper_bound = 0;  // one-sided ends of the difference
  int64_t audits = 0;
  int64_t more_audits = 0;  // kNotEnoughEvidence: about this many more would decide; 0: that cannot be told
  std::vector<LimitTest> limits;
};

// Promotes when the lower end of the difference lies above `margin` and no limit is broken. Keeps when a limit is
// broken, when the estimate is not above the margin, or when its upper end is not. Else there is not enough evidence,
// and with n audits, standard error se and estimate d
//   more = n ((z_confidence + z_power) se / (d - margin))^2 - n.
// A candidate whose choices could not be observed (`max_unobservable`) is not promoted either: what its value is there,
// only a model says.
GateVerdict DecideGate(const GateInput& input);

// The verdict with what it rests on, as a JSON object.
std::string GateJson(const GateInput& input, const GateVerdict& verdict);

// An estimate as a JSON object; what is not finite is null. Takes a ValueEstimate of any estimator.
std::string ValueJson(const ValueEstimate& estimate);

}  // namespace suffice
