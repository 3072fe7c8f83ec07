#include "off_policy/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "off_policy/value_json.h"
#include "stats/asymptotic_sequence.h"
#include "stats/normal.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostAudits = 1e7;  // more are as good as never

struct Ends {
  double low = 0, high = 0;
};

// One-sided ends of the difference.
Ends DifferenceEnds(const GateInput& input) {
  const ValueEstimate& d = input.difference;
  if (!input.many_looks) return {d.LowerBound(input.confidence), d.UpperBound(input.confidence)};
  const auto n = static_cast<double>(d.rows);
  const double deviations = SequenceOneSided(n, std::sqrt(n), input.confidence, input.intended_rows);
  return {d.Lower(deviations), d.Upper(deviations)};
}

LimitTest Test(const GateLimit& limit, double confidence) {
  LimitTest test{.name = limit.name,
                 .limit = limit.limit,
                 .at_most = limit.at_most,
                 .value = limit.candidate.value,
                 .low = limit.candidate.LowerBound(confidence),
                 .high = limit.candidate.UpperBound(confidence)};
  // As if it were an upper limit.
  const double sign = limit.at_most ? 1 : -1;
  const double best = sign * (limit.at_most ? test.low : test.high);
  const double worst = sign * (limit.at_most ? test.high : test.low);
  const bool surely_worse = limit.difference && (limit.at_most ? limit.difference->LowerBound(confidence) > 0
                                                               : limit.difference->UpperBound(confidence) < 0);
  if (worst <= sign * limit.limit) {
    test.finding = LimitFinding::kKept;
  } else if (best > sign * limit.limit || (sign * test.value > sign * limit.limit && surely_worse)) {
    test.finding = LimitFinding::kBroken;
  }
  return test;
}

int64_t MoreAudits(const GateInput& input) {
  const double gain = input.difference.value - input.margin;
  if (!(gain > 0) || input.audits <= 0) return 0;
  const auto audits = static_cast<double>(input.audits);
  const double z = InverseNormalCdf(input.confidence) + InverseNormalCdf(input.power);
  const double needed = audits * std::pow(z * input.difference.standard_error / gain, 2);
  // Close to the end a few more are wanted all the same.
  const double more = std::max(needed - audits, 0.05 * audits);
  return more > kMostAudits ? 0 : static_cast<int64_t>(std::ceil(more));
}

std::string BrokenLimits(const std::vector<LimitTest>& limits) {
  std::string words;
  for (const LimitTest& test : limits) {
    if (test.finding != LimitFinding::kBroken) continue;
    words += fmt::format("{}{} is {:.4g}, the limit is {} {:.4g}", words.empty() ? "" : "; ", test.name, test.value,
                         test.at_most ? "at most" : "at least", test.limit);
  }
  return words;
}

void Conclude(const GateInput& input, GateVerdict& verdict) {
  const ValueEstimate& d = input.difference;
  const auto found = [&](Verdict what, std::string why) {
    verdict.verdict = what;
    verdict.reason = std::move(why);
  };
  const std::string difference =
      fmt::format("{} {:+.4g} (at least {:+.4g}, at most {:+.4g}, each with confidence {:.3g})", input.objective,
                  d.value, verdict.lower_bound, verdict.upper_bound, input.confidence);
  if (const std::string broken = BrokenLimits(verdict.limits); !broken.empty()) {
    return found(Verdict::kKeep, "a limit would be broken: " + broken);
  }
  if (!std::isfinite(d.value) || !std::isfinite(d.standard_error) || input.audits <= 0) {
    return found(Verdict::kNotEnoughEvidence, "nothing was observed that tells the two apart");
  }
  if (!(d.value > input.margin)) {
    return found(Verdict::kKeep, fmt::format("{}: not estimated better by more than {:.4g}", difference, input.margin));
  }
  if (d.unobservable > input.max_unobservable) {
    return found(Verdict::kNotEnoughEvidence,
                 fmt::format("{:.1f}% of what the two choose differently goes to tiers that could not be observed: "
                             "more exploration, or prompts that every tier answers, are needed",
                             100 * d.unobservable));
  }
  if (verdict.lower_bound > input.margin) {
    return found(Verdict::kPromote, fmt::format("{}: better by more than {:.4g}", difference, input.margin));
  }
  verdict.more_audits = MoreAudits(input);
  if (verdict.more_audits == 0) {
    return found(Verdict::kKeep, difference + ": too small a difference to be told by any number of audits");
  }
  found(Verdict::kNotEnoughEvidence, fmt::format("{}: {} more audits needed", difference, verdict.more_audits));
}

Json LimitsJson(const std::vector<LimitTest>& limits) {
  Json json = Json::array();
  for (const LimitTest& test : limits) {
    json.push_back({{"name", test.name},
                    {"limit", test.limit},
                    {"kind", test.at_most ? "at_most" : "at_least"},
                    {"value", FiniteOrNull(test.value)},
                    {"low", FiniteOrNull(test.low)},
                    {"high", FiniteOrNull(test.high)},
                    {"finding", ToString(test.finding)}});
  }
  return json;
}

Json RivalsJson(const std::vector<GateRival>& rivals) {
  Json json = Json::array();
  for (const GateRival& rival : rivals) {
    Json one = {{"name", rival.name}, {"quality", ToJson(rival.quality)}, {"cost_usd", ToJson(rival.cost_usd)}};
    if (rival.late) one["late"] = ToJson(*rival.late);
    if (rival.difference) one["difference"] = ToJson(*rival.difference);
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPromote:
      return "promote";
    case Verdict::kKeep:
      return "keep";
    case Verdict::kNotEnoughEvidence:
      return "not_enough_evidence";
  }
  return "";
}

std::string_view ToString(LimitFinding finding) {
  switch (finding) {
    case LimitFinding::kKept:
      return "kept";
    case LimitFinding::kOpen:
      return "open";
    case LimitFinding::kBroken:
      return "broken";
  }
  return "";
}

GateVerdict DecideGate(const GateInput& input) {
  const Ends ends = DifferenceEnds(input);
  GateVerdict verdict{.lower_bound = ends.low, .upper_bound = ends.high, .audits = input.audits};
  for (const GateLimit& limit : input.limits) verdict.limits.push_back(Test(limit, input.confidence));
  Conclude(input, verdict);
  return verdict;
}

std::string GateJson(const GateInput& input, const GateVerdict& verdict) {
  const Json json = {{"verdict", ToString(verdict.verdict)},
                     {"reason", verdict.reason},
                     {"objective", input.objective},
                     {"confidence", input.confidence},
                     {"margin", input.margin},
                     {"looks", input.many_looks ? "many" : "one"},
                     {"difference", ToJson(input.difference)},
                     {"lower_bound", FiniteOrNull(verdict.lower_bound)},
                     {"upper_bound", FiniteOrNull(verdict.upper_bound)},
                     {"audits", verdict.audits},
                     {"more_audits", verdict.more_audits},
                     {"limits", LimitsJson(verdict.limits)},
                     {"policies", RivalsJson(input.rivals)}};
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string ValueJson(const ValueEstimate& estimate) { return ToJson(estimate).dump(); }

}  // namespace suffice
