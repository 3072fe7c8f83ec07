// A policy file, decoded: tiers, policy, objective, and how the service runs. Plain data with every field's default and
// unit. Read it with LoadConfig; see policies/*.yaml for commented examples.
// Thread contract: a value type; the engine keeps an immutable copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace suffice {

// List prices in US dollars per million tokens.
struct Price {
  double input_usd_per_mtok = 0;
  double output_usd_per_mtok = 0;
  std::optional<double> cached_input_usd_per_mtok;  // of input read from the provider's cache; nothing: as input
  std::optional<double> reasoning_usd_per_mtok;     // of tokens spent on thinking; nothing: as output

  bool operator==(const Price&) const = default;
};

// A price list that takes the place of the one before it.
struct PriceChange {
  int64_t from_us = 0;  // microseconds since the Unix epoch; in a file an RFC 3339 date (midnight UTC) or date and time
  Price price;

  bool operator==(const PriceChange&) const = default;
};

// What is believed of a tier before any observation, worth `weight` observations.
struct TierPrior {
  double quality = 0.5;        // in [0, 1]
  double output_tokens = 300;  // per answer
  double latency_ms = 2000;    // total
  double weight = 1;           // pseudo-observations, > 0

  bool operator==(const TierPrior&) const = default;
};

// One endpoint of a tier's model.
struct Deployment {
  std::string name;
  std::string url;

  bool operator==(const Deployment&) const = default;
};

// An OpenAI-compatible service that answers for tiers and judges. The key is never in the configuration itself.
struct ProviderConfig {
  std::string name;          // unique
  std::string base_url;      // what "/chat/completions" is appended to: https://api.example.com/v1
  std::string api_key_env;   // environment variable that holds the key; empty: see api_key_file
  std::string api_key_file;  // file that holds the key (its first line); both empty: no key is sent
  int64_t max_concurrency = 8;      // calls in flight
  double requests_per_minute = 0;   // 0: no limit of ours
  double connect_timeout_s = 10;
  double timeout_s = 120;    // of a whole call
  int64_t max_retries = 5;   // after 429, 5xx, timeouts and cut connections

  bool operator==(const ProviderConfig&) const = default;
};

struct Tier {
  std::string name;
  std::string model;  // in a file without it: the tier's name
  std::string provider;  // that the nightly job asks; empty: the first of `providers`
  Price price;
  std::vector<PriceChange> price_changes;  // in order of time
  int64_t thinking_budget_tokens = 0;  // 0: none asked for
  int64_t context_tokens = 0;          // window, prompt and answer together; 0: unlimited
  int64_t max_output_tokens = 0;       // longest answer the model gives; 0: not stated
  double keep_warm_s = 0;              // idle for longer, the tier goes cold; 0: never
  double cold_start_ms = 0;            // what the first call to a cold tier takes on top
  std::vector<std::string> capabilities;
  std::vector<Deployment> deployments;
  TierPrior prior;

  bool operator==(const Tier&) const = default;
  // The price list in force at a time (microseconds since the Unix epoch).
  const Price& PriceAt(int64_t time_us) const {
    const Price* in_force = &price;
    for (const PriceChange& change : price_changes) {
      if (change.from_us <= time_us) in_force = &change.price;
    }
    return *in_force;
  }
  // Which list that is: the RFC 3339 time it began at, or "base" for `price`.
  std::string PriceVersionAt(int64_t time_us) const;
};

enum class PolicyKind { kThompson, kLinUcb, kIgw, kEpsilonGreedy, kFixed, kRandom, kWeighted, kThreshold };
enum class ObjectiveKind { kMaxQuality, kMinCost, kWeighted };
enum class Mode { kLive, kApprentice, kLogOnly };
enum class PromptLogging { kFull, kSketch, kNone };
enum class Durability { kFull, kNormal };

// Two tiers: the strong one answers when P(strong wins | prompt) >= alpha, the weak one else.
// P(strong wins) = 1 / (1 + exp(-(intercept + slope (quality of strong - quality of weak)))), of predicted qualities.
struct ThresholdConfig {
  std::string strong, weak;  // tiers; empty: the dearer and the cheaper of two
  double alpha = 0.5;        // in [0, 1]
  double intercept = 0;      // fitted by the nightly job
  double slope = 4;
  double strong_share = 0;   // of the traffic, that a refit sets alpha for; 0: it keeps the share that alpha gave
  double epsilon = 0.02;     // probability of the other tier, so that the log can tell how it would have done

  bool operator==(const ThresholdConfig&) const = default;
};

struct PolicyConfig {
  PolicyKind kind = PolicyKind::kThompson;
  double thompson_scale = 0.25;                         // standard deviations are multiplied by this
  double linucb_alpha = 1.5;                            // width of the upper confidence bound, in standard deviations
  double linucb_epsilon = 0.005;                        // total probability mixed in over all tiers; less for dear ones
  double igw_gamma = 800;                               // inverse-gap weighting: p = 1 / (K + gamma sqrt(n) gap)
  double epsilon = 0.05;                                // epsilon_greedy: probability of a uniform draw
  std::string fixed_tier;                               // fixed
  std::vector<std::pair<std::string, double>> weights;  // weighted: tier -> weight >= 0
  ThresholdConfig threshold;                            // threshold
  double half_life = 5000;      // observations of the tier's own after which one counts half; 0: never forget
  double ridge = 300;           // prior precision of each standardised feature, in observations
  double new_tier_bonus = 0.5;  // optimism, in standard deviations, until `burn_in` observations
  double burn_in = 200;         // observations
  double new_tier_weight = 20;  // pseudo-observations at the mean of the other tiers, for a tier added later

  bool operator==(const PolicyConfig&) const = default;
};

struct ObjectiveConfig {
  ObjectiveKind kind = ObjectiveKind::kMaxQuality;
  double cost_weight = 0;  // weighted: quality given up per US dollar

  bool operator==(const ObjectiveConfig&) const = default;
};

// Money that may be spent in a calendar period.
enum class BudgetPeriod { kHour, kDay, kWeek, kMonth };  // weeks begin on Monday
// hard: never exceeded; every decision reserves what its call could cost at worst. soft: paced through the period.
enum class BudgetKind { kHard, kSoft };
// Whether there is one account, or one for each of something.
enum class BudgetScope { kAll, kTenant, kTier, kTenantAndTier };
// What a call is charged when no outcome came within its lease. by_kind: worst_case for hard budgets, expected for soft.
enum class Unsettled { kByKind, kWorstCase, kExpected };

struct Budget {
  std::string name;  // unique
  double usd = 0;    // in each period, > 0
  BudgetPeriod period = BudgetPeriod::kDay;
  std::string time_zone = "UTC";  // IANA name; periods begin at its midnight
  BudgetKind kind = BudgetKind::kHard;
  BudgetScope each = BudgetScope::kAll;
  std::string tenant;  // only this one's decisions; empty: all
  std::string tier;    // only calls of this one; empty: all
  Unsettled unsettled = Unsettled::kByKind;
  double lease_s = 600;  // how long a reservation waits for its outcome

  bool operator==(const Budget&) const = default;
  Unsettled WhenUnsettled() const {
    if (unsettled != Unsettled::kByKind) return unsettled;
    return kind == BudgetKind::kHard ? Unsettled::kWorstCase : Unsettled::kExpected;
  }
};

struct CostLimits {
  double per_request_usd = 0;  // no call is predicted dearer, ever; 0: no limit
  double mean_usd = 0;         // per request on average; 0: no limit
  std::vector<Budget> budgets;

  bool operator==(const CostLimits&) const = default;
};

enum class LatencyMetric { kTotal, kFirstToken };

// Percentiles of an answer's latency, in milliseconds; 0: no limit.
struct LatencyLimits {
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  LatencyMetric metric = LatencyMetric::kTotal;
  double window_s = 3600;  // that the status reports on

  bool operator==(const LatencyLimits&) const = default;
};

// When the quality guard lets only the safe tier serve. breach: while the confidence sequence of the audits lies under
// the floor. proof: while it does not lie above the floor.
enum class QualityGuard { kOff, kBreach, kProof };

struct QualityLimits {
  double floor = 0;         // of the mean quality; with relative_to: of the share of that tier's; 0: no limit
  std::string relative_to;  // a tier; empty: the floor is absolute
  std::string safe_tier;    // empty: the one with the best prior and statistics
  QualityGuard guard = QualityGuard::kBreach;
  double confidence = 0.95;     // of the sequence
  int64_t window_audits = 5000;  // after which the sequence begins anew

  bool operator==(const QualityLimits&) const = default;
};

struct Limits {
  CostLimits cost;
  LatencyLimits latency;
  QualityLimits quality;

  bool operator==(const Limits&) const = default;
};

// What answers while the limits cannot be met together.
enum class OnInfeasible { kCheapest, kSafest, kReject };

// What Route does while the event log cannot be written. serve: answers from memory, and queues the rows until the queue
// is full. refuse: answers UNAVAILABLE at once.
enum class OnLogFailure { kServe, kRefuse };

// Requests that name a session keep its tier.
struct SessionConfig {
  bool keep_tier = true;
  double idle_s = 1800;        // a session that was silent for longer is forgotten
  double switch_gain = 0.05;   // of quality that another tier must promise, beyond what the lost prefix cache costs
  int64_t capacity = 100'000;  // sessions remembered

  bool operator==(const SessionConfig&) const = default;
};

struct DriftConfig {
  bool enabled = true;
  double slack = 0.5;          // of the two-sided CUSUM, in standard deviations
  double alarm = 16;           // where it raises an alarm
  double keep = 5;             // observations that what stands before a change counts as after it
  double cost_half_life = 25;  // calls after which observed over predicted cost counts half

  bool operator==(const DriftConfig&) const = default;
};

// How answers of the nightly job get a score in [0, 1].
enum class JudgeKind {
  kLlm,         // a model scores the answer by a rubric
  kExactMatch,  // equal to the prompt's reference answer, but for case and white space
  kNumeric,     // the last number in the answer is the reference's
  kRegex,       // `pattern` is found in the answer
  kCommand,     // a program of the operator's reads JSON and prints a score
};

struct JudgeConfig {
  std::string name;            // unique; kept with each score, with the version
  JudgeKind kind = JudgeKind::kLlm;
  std::string version = "1";   // of rubric, pattern or program: scores of different versions are not mixed
  double weight = 1;           // among the judges that gave a score, > 0
  // llm
  std::string provider;        // empty: the first of `providers`
  std::string model;
  Price price;                 // of the judge's own tokens
  std::string rubric;          // what a good answer is; empty: a general one
  std::string pairwise_against;  // a tier: score by comparison with its answer, in both orders; empty: by itself
  int64_t max_output_tokens = 300;
  // numeric
  double tolerance = 1e-6;     // relative
  // regex
  std::string pattern;         // ECMAScript
  // command
  std::string command;         // run by /bin/sh -c
  double timeout_s = 30;

  bool operator==(const JudgeConfig&) const = default;
};

// The nightly job: sample, run every tier, judge, refit, gate, promote.
struct NightlyConfig {
  int64_t sample = 1000;         // prompts drawn a night
  double run_budget_usd = 10;    // for the tiers' answers
  double judge_budget_usd = 10;  // for the judges
  int64_t max_output_tokens = 1024;  // asked of every tier
  double holdout = 0.5;          // share of the sample (and of the logged decisions) that only the gate sees
  double effective_size = 5000;  // observations a tier that the refit's prior statistics count as, at most
  double confidence = 0.95;      // of the gate's intervals
  double margin = 0;             // a candidate must be better by more than this, in units of quality
  bool ramp = true;              // 1 -> 5 -> 25 -> 100% of the decisions; false: all at once
  int64_t ramp_decisions = 300;  // decisions of the candidate's, with a reward, before the next step

  bool operator==(const NightlyConfig&) const = default;
};

struct FeatureConfig {
  int dimensions = 64;             // of the fitted projection
  int few_labels_dimensions = 32;  // used, if there are as many, while a tier set has fewer than `few_labels` labels
  int few_labels = 2000;
  int fit_after_prompts = 2000;  // the server fits its first projection after this many; 0: never by itself
  std::string file;              // a projection made by `suffice fit-features`; empty: none
  int embedding_dimensions = 0;  // length of the caller's ready embedding; 0: none accepted
  // Named features that callers may send.
  struct Numeric {
    std::string name;
    double mean = 0;
    double scale = 1;  // > 0: the feature enters as (value - mean) / scale, clipped at +-5

    bool operator==(const Numeric&) const = default;
  };
  struct Categorical {
    std::string name;
    std::vector<std::string> values;  // one-hot; another value enters as all zeros

    bool operator==(const Categorical&) const = default;
  };
  std::vector<Numeric> numeric;
  std::vector<Categorical> categorical;

  bool operator==(const FeatureConfig&) const = default;
};

struct LogConfig {
  PromptLogging prompts = PromptLogging::kSketch;
  Durability durability = Durability::kFull;
  double keep_probability = 1;     // of decision rows; the row records it
  int64_t queue_capacity = 65536;  // rows waiting for the writer; a full queue refuses with RESOURCE_EXHAUSTED
  double keep_days = 0;            // decisions older than this are deleted, what was learned from them is not; 0: never

  bool operator==(const LogConfig&) const = default;
};

// Files in PEM, read again when they change. All empty: plain text.
struct TlsConfig {
  std::string cert_file;       // the server's chain
  std::string key_file;        // its private key
  std::string client_ca_file;  // clients must show a certificate signed by one of these; empty: they need none

  bool operator==(const TlsConfig&) const = default;
};

struct ServeConfig {
  std::string listen = "127.0.0.1:7433";
  std::string admin_listen;  // HTTP: metrics and health; empty: none
  int64_t max_prompt_bytes = 1 << 20;
  int64_t idempotency_window = 16384;  // Route requests whose answer is remembered by request id
  double publish_interval_s = 0.05;    // a new snapshot at most this often
  double drain_s = 10;                 // for requests in flight at SIGTERM
  TlsConfig tls;                       // of the gRPC port
  std::string keys_file;               // bearer keys and what each may do; empty: everybody may do everything
  int64_t max_in_flight = 1024;        // requests being answered at once; one more is refused: RESOURCE_EXHAUSTED
  int64_t max_connections = 1024;      // to the gRPC port; one more is closed at once

  bool operator==(const ServeConfig&) const = default;
};

// How far feedback is believed. A sender is a bearer key (service) or, without keys, a tenant.
struct TrustConfig {
  double max_share = 1;   // of a tier's recent feedback that one sender can have at full weight, in (0, 1]; 1: no bound
  double alarm = 5;       // standard errors by which one sender's feedback may depart from the others' before an alarm; 0: none

  bool operator==(const TrustConfig&) const = default;
};

// A whole policy file.
struct Config {
  std::string name = "default";
  Mode mode = Mode::kLive;
  std::vector<Tier> tiers;
  PolicyConfig policy;
  ObjectiveConfig objective;
  Limits limits;
  OnInfeasible on_infeasible = OnInfeasible::kCheapest;
  OnLogFailure on_log_failure = OnLogFailure::kServe;
  SessionConfig sessions;
  DriftConfig drift;
  TrustConfig trust;
  double audit_rate = 0.02;  // probability with which a decision is drawn to be judged
  std::vector<ProviderConfig> providers;
  std::vector<JudgeConfig> judges;
  NightlyConfig nightly;
  FeatureConfig features;
  LogConfig log;
  ServeConfig serve;

  bool operator==(const Config&) const = default;

  // SHA-256 (hex) of ConfigToYaml(*this).
  std::string Hash() const;
  // Index in `tiers`, or -1.
  int TierIndex(std::string_view tier_name) const;
  // The provider of this name, the first one for an empty name; null: there is none.
  const ProviderConfig* FindProvider(std::string_view provider_name) const;
};

// An override "key.path=value", as given by --set. The value is YAML. An element of a list is named by its index, or by
// its `name` where it has one: "tiers.0.price.output_usd_per_mtok=1", "tiers.small.prior.quality=0.7". What is there
// already is matched first, so a tier called "mini-1.5" needs no quoting. A later override wins. Unknown keys are
// errors.
using ConfigOverrides = std::vector<std::string>;

struct ConfigParseOptions {
  // The caller fills the tiers in later and then calls ValidateConfig: `tiers` may be empty or missing, and tiers named
  // under `policy` are not looked up yet.
  bool allow_no_tiers = false;
};

// Reads and checks a policy file. Errors are "file:line:column: key.path: what was expected" ("--set key.path: ..." for
// an override), one a line, all of them, in the order of the file: INVALID_ARGUMENT. NOT_FOUND names a missing file.
absl::StatusOr<Config> LoadConfig(const std::string& path, const ConfigOverrides& overrides = {},
                                  const ConfigParseOptions& options = {});
// The same from text; `name` stands for the file in messages. To apply overrides to a Config at hand, parse its
// ConfigToYaml with them.
absl::StatusOr<Config> ParseConfig(const std::string& yaml, const std::string& name,
                                   const ConfigOverrides& overrides = {}, const ConfigParseOptions& options = {});
// Every check that ParseConfig makes, on a Config made or changed in code. INVALID_ARGUMENT: "key.path: ...", one
// a line.
absl::Status ValidateConfig(const Config& config);
// The whole configuration with every default written out; ParseConfig of it gives the same Config, to the last bit.
std::string ConfigToYaml(const Config& config);

std::string_view ToString(PolicyKind kind);
std::string_view ToString(ObjectiveKind kind);
std::string_view ToString(BudgetPeriod period);
std::string_view ToString(BudgetKind kind);
std::string_view ToString(BudgetScope scope);
std::string_view ToString(LatencyMetric metric);
std::string_view ToString(OnInfeasible answer);
std::string_view ToString(OnLogFailure answer);
std::string_view ToString(JudgeKind kind);
std::string_view ToString(Mode mode);
std::string_view ToString(PromptLogging prompts);
std::string_view ToString(Durability durability);

}  // namespace suffice
