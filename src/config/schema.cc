// Each struct is described once, by a function that takes a FieldReader and the struct, or a FieldWriter and the struct
// as const. A new key is one line here (and its member in config.h).
#include "config/schema.h"

#include <array>
#include <string_view>

#include "config/field_reader.h"
#include "config/field_writer.h"

namespace suffice {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kPolicyKinds = {
    std::pair{PolicyKind::kThompson, "thompson"sv}, std::pair{PolicyKind::kLinUcb, "linucb"sv},
    std::pair{PolicyKind::kIgw, "igw"sv},           std::pair{PolicyKind::kEpsilonGreedy, "epsilon_greedy"sv},
    std::pair{PolicyKind::kFixed, "fixed"sv},       std::pair{PolicyKind::kRandom, "random"sv},
    std::pair{PolicyKind::kWeighted, "weighted"sv}, std::pair{PolicyKind::kThreshold, "threshold"sv},
};
constexpr std::array kObjectiveKinds = {
    std::pair{ObjectiveKind::kMaxQuality, "max_quality"sv},
    std::pair{ObjectiveKind::kMinCost, "min_cost"sv},
    std::pair{ObjectiveKind::kWeighted, "weighted"sv},
};
constexpr std::array kBudgetPeriods = {
    std::pair{BudgetPeriod::kHour, "hour"sv},
    std::pair{BudgetPeriod::kDay, "day"sv},
    std::pair{BudgetPeriod::kWeek, "week"sv},
    std::pair{BudgetPeriod::kMonth, "month"sv},
};
constexpr std::array kBudgetKinds = {
    std::pair{BudgetKind::kHard, "hard"sv},
    std::pair{BudgetKind::kSoft, "soft"sv},
};
constexpr std::array kBudgetScopes = {
    std::pair{BudgetScope::kAll, "all"sv},
    std::pair{BudgetScope::kTenant, "tenant"sv},
    std::pair{BudgetScope::kTier, "tier"sv},
    std::pair{BudgetScope::kTenantAndTier, "tenant_and_tier"sv},
};
constexpr std::array kUnsettled = {
    std::pair{Unsettled::kByKind, "by_kind"sv},
    std::pair{Unsettled::kWorstCase, "worst_case"sv},
    std::pair{Unsettled::kExpected, "expected"sv},
};
constexpr std::array kLatencyMetrics = {
    std::pair{LatencyMetric::kTotal, "total"sv},
    std::pair{LatencyMetric::kFirstToken, "first_token"sv},
};
constexpr std::array kQualityGuards = {
    std::pair{QualityGuard::kOff, "off"sv},
    std::pair{QualityGuard::kBreach, "breach"sv},
    std::pair{QualityGuard::kProof, "proof"sv},
};
constexpr std::array kLogFailureAnswers = {
    std::pair{OnLogFailure::kServe, "serve"sv},
    std::pair{OnLogFailure::kRefuse, "refuse"sv},
};
constexpr std::array kInfeasibleAnswers = {
    std::pair{OnInfeasible::kCheapest, "cheapest"sv},
    std::pair{OnInfeasible::kSafest, "safest"sv},
    std::pair{OnInfeasible::kReject, "reject"sv},
};
constexpr std::array kJudgeKinds = {
    std::pair{JudgeKind::kLlm, "llm"sv},         std::pair{JudgeKind::kExactMatch, "exact_match"sv},
    std::pair{JudgeKind::kNumeric, "numeric"sv}, std::pair{JudgeKind::kRegex, "regex"sv},
    std::pair{JudgeKind::kCommand, "command"sv},
};
constexpr std::array kModes = {
    std::pair{Mode::kLive, "live"sv},
    std::pair{Mode::kApprentice, "apprentice"sv},
    std::pair{Mode::kLogOnly, "log_only"sv},
};
constexpr std::array kPromptLoggings = {
    std::pair{PromptLogging::kFull, "full"sv},
    std::pair{PromptLogging::kSketch, "sketch"sv},
    std::pair{PromptLogging::kNone, "none"sv},
};
constexpr std::array kDurabilities = {
    std::pair{Durability::kFull, "full"sv},
    std::pair{Durability::kNormal, "normal"sv},
};

const Range kProbability = Between(0, 1);
// Dearer would overflow integer nano-dollars on a long answer.
const Range kPriceUsdPerMtok = Between(0, 1e6);
const Range kTokens = Between(0, 1e9);
const Range kCount = Between(0, 1e9);

const Range kUsd = Between(0, 1e9);
const Range kMilliseconds = Between(0, 1e9);
const Range kSeconds = Between(0, 1e9);

template <class Io, class T>
void PriceFields(Io& io, T& price) {
  io.Number("input_usd_per_mtok", price.input_usd_per_mtok, kPriceUsdPerMtok);
  io.Number("output_usd_per_mtok", price.output_usd_per_mtok, kPriceUsdPerMtok);
  io.Number("cached_input_usd_per_mtok", price.cached_input_usd_per_mtok, kPriceUsdPerMtok);
  io.Number("reasoning_usd_per_mtok", price.reasoning_usd_per_mtok, kPriceUsdPerMtok);
}

template <class Io, class T>
void TierFields(Io& io, T& tier) {
  io.Text("name", tier.name, TextRule::kRequired);
  io.TextOr("model", tier.model, tier.name);
  io.Text("provider", tier.provider, TextRule::kAny);
  io.Section("price", [&](auto& price) { PriceFields(price, tier.price); });
  io.List("price_changes", tier.price_changes, [](auto& item, auto& change) {
    item.Time("from", change.from_us);
    PriceFields(item, change.price);
  });
  io.Whole("thinking_budget_tokens", tier.thinking_budget_tokens, kTokens);
  io.Whole("context_tokens", tier.context_tokens, kTokens);
  io.Whole("max_output_tokens", tier.max_output_tokens, kTokens);
  io.Number("keep_warm_s", tier.keep_warm_s, kSeconds);
  io.Number("cold_start_ms", tier.cold_start_ms, kMilliseconds);
  io.TextList("capabilities", tier.capabilities);
  io.List("deployments", tier.deployments, [](auto& item, auto& deployment) {
    item.Text("name", deployment.name, TextRule::kRequired);
    item.Text("url", deployment.url, TextRule::kRequired);
  });
  io.Section("prior", [&](auto& prior) {
    prior.Number("quality", tier.prior.quality, kProbability);
    prior.Number("output_tokens", tier.prior.output_tokens, AboveUpTo(0, 1e9));
    prior.Number("latency_ms", tier.prior.latency_ms, AboveUpTo(0, 1e9));
    prior.Number("weight", tier.prior.weight, AboveUpTo(0, 1e9));
  });
}

template <class Io, class T>
void PolicyFields(Io& io, T& policy) {
  io.Choice("kind", policy.kind, kPolicyKinds);
  io.Section("thompson", [&](auto& s) { s.Number("scale", policy.thompson_scale, Between(0, 1e6)); });
  io.Section("linucb", [&](auto& s) {
    s.Number("alpha", policy.linucb_alpha, Between(0, 1e6));
    s.Number("epsilon", policy.linucb_epsilon, kProbability);
  });
  io.Section("igw", [&](auto& s) { s.Number("gamma", policy.igw_gamma, Between(0, 1e12)); });
  io.Section("epsilon_greedy", [&](auto& s) { s.Number("epsilon", policy.epsilon, kProbability); });
  io.Section("fixed", [&](auto& s) { s.Text("tier", policy.fixed_tier, TextRule::kAny); });
  io.Section("weighted", [&](auto& s) { s.NumberMap("weights", policy.weights, Between(0, 1e12)); });
  io.Section("threshold", [&](auto& s) {
    s.Text("strong", policy.threshold.strong, TextRule::kAny);
    s.Text("weak", policy.threshold.weak, TextRule::kAny);
    s.Number("alpha", policy.threshold.alpha, kProbability);
    s.Number("strong_share", policy.threshold.strong_share, kProbability);
    s.Number("intercept", policy.threshold.intercept, Between(-1e6, 1e6));
    s.Number("slope", policy.threshold.slope, Between(0, 1e6));
    s.Number("epsilon", policy.threshold.epsilon, kProbability);
  });
  io.Number("half_life", policy.half_life, kCount);
  io.Number("ridge", policy.ridge, AboveUpTo(0, 1e12));
  io.Section("new_tier", [&](auto& s) {
    s.Number("bonus", policy.new_tier_bonus, Between(0, 1e6));
    s.Number("burn_in", policy.burn_in, kCount);
    s.Number("weight", policy.new_tier_weight, kCount);
  });
}

template <class Io, class T>
void BudgetFields(Io& io, T& budget) {
  io.Text("name", budget.name, TextRule::kRequired);
  io.Number("usd", budget.usd, AboveUpTo(0, 1e9));
  io.Choice("period", budget.period, kBudgetPeriods);
  io.Text("time_zone", budget.time_zone, TextRule::kNonEmpty);
  io.Choice("kind", budget.kind, kBudgetKinds);
  io.Choice("each", budget.each, kBudgetScopes);
  io.Text("tenant", budget.tenant, TextRule::kAny);
  io.Text("tier", budget.tier, TextRule::kAny);
  io.Choice("unsettled", budget.unsettled, kUnsettled);
  io.Number("lease_s", budget.lease_s, AboveUpTo(0, 1e7));
}

template <class Io, class T>
void LimitFields(Io& io, T& limits) {
  io.Section("cost", [&](auto& s) {
    s.Number("per_request_usd", limits.cost.per_request_usd, kUsd);
    s.Number("mean_usd", limits.cost.mean_usd, kUsd);
    s.List("budgets", limits.cost.budgets, [](auto& item, auto& budget) { BudgetFields(item, budget); });
  });
  io.Section("latency", [&](auto& s) {
    s.Number("p50_ms", limits.latency.p50_ms, kMilliseconds);
    s.Number("p95_ms", limits.latency.p95_ms, kMilliseconds);
    s.Number("p99_ms", limits.latency.p99_ms, kMilliseconds);
    s.Choice("metric", limits.latency.metric, kLatencyMetrics);
    s.Number("window_s", limits.latency.window_s, AboveUpTo(0, 1e7));
  });
  io.Section("quality", [&](auto& s) {
    s.Number("floor", limits.quality.floor, Between(0, 2));
    s.Text("relative_to", limits.quality.relative_to, TextRule::kAny);
    s.Text("safe_tier", limits.quality.safe_tier, TextRule::kAny);
    s.Choice("guard", limits.quality.guard, kQualityGuards);
    s.Number("confidence", limits.quality.confidence, Between(0.5, 0.9999));
    s.Whole("window_audits", limits.quality.window_audits, Between(10, 1e9));
  });
}

template <class Io, class T>
void SessionFields(Io& io, T& sessions) {
  io.Flag("keep_tier", sessions.keep_tier);
  io.Number("idle_s", sessions.idle_s, AboveUpTo(0, 1e9));
  io.Number("switch_gain", sessions.switch_gain, Between(0, 1));
  io.Whole("capacity", sessions.capacity, Between(1, 1e7));
}

template <class Io, class T>
void DriftFields(Io& io, T& drift) {
  io.Flag("enabled", drift.enabled);
  io.Number("slack", drift.slack, Between(0, 3));
  io.Number("alarm", drift.alarm, AboveUpTo(0, 1e6));
  io.Number("keep", drift.keep, AboveUpTo(0, 1e9));
  io.Number("cost_half_life", drift.cost_half_life, AboveUpTo(0, 1e9));
}

template <class Io, class T>
void ProviderFields(Io& io, T& provider) {
  io.Text("name", provider.name, TextRule::kRequired);
  io.Text("base_url", provider.base_url, TextRule::kRequired);
  io.Text("api_key_env", provider.api_key_env, TextRule::kAny);
  io.Text("api_key_file", provider.api_key_file, TextRule::kAny);
  io.Whole("max_concurrency", provider.max_concurrency, Between(1, 1000));
  io.Number("requests_per_minute", provider.requests_per_minute, Between(0, 1e9));
  io.Number("connect_timeout_s", provider.connect_timeout_s, AboveUpTo(0, 3600));
  io.Number("timeout_s", provider.timeout_s, AboveUpTo(0, 86400));
  io.Whole("max_retries", provider.max_retries, Between(0, 100));
}

template <class Io, class T>
void JudgeFields(Io& io, T& judge) {
  io.Text("name", judge.name, TextRule::kRequired);
  io.Choice("kind", judge.kind, kJudgeKinds);
  io.Text("version", judge.version, TextRule::kNonEmpty);
  io.Number("weight", judge.weight, AboveUpTo(0, 1e9));
  io.Text("provider", judge.provider, TextRule::kAny);
  io.Text("model", judge.model, TextRule::kAny);
  io.Section("price", [&](auto& price) { PriceFields(price, judge.price); });
  io.Text("rubric", judge.rubric, TextRule::kAny);
  io.Text("pairwise_against", judge.pairwise_against, TextRule::kAny);
  io.Whole("max_output_tokens", judge.max_output_tokens, Between(1, 1e6));
  io.Number("tolerance", judge.tolerance, Between(0, 1));
  io.Text("pattern", judge.pattern, TextRule::kAny);
  io.Text("command", judge.command, TextRule::kAny);
  io.Number("timeout_s", judge.timeout_s, AboveUpTo(0, 86400));
}

template <class Io, class T>
void NightlyFields(Io& io, T& nightly) {
  io.Whole("sample", nightly.sample, Between(1, 1e7));
  io.Number("run_budget_usd", nightly.run_budget_usd, kUsd);
  io.Number("judge_budget_usd", nightly.judge_budget_usd, kUsd);
  io.Whole("max_output_tokens", nightly.max_output_tokens, Between(1, 1e7));
  io.Number("holdout", nightly.holdout, Between(0.05, 0.95));
  io.Number("effective_size", nightly.effective_size, AboveUpTo(0, 1e9));
  io.Number("confidence", nightly.confidence, Between(0.5, 0.9999));
  io.Number("margin", nightly.margin, Between(0, 1));
  io.Flag("ramp", nightly.ramp);
  io.Whole("ramp_decisions", nightly.ramp_decisions, Between(1, 1e9));
}

template <class Io, class T>
void FeatureFields(Io& io, T& features) {
  io.Whole("dimensions", features.dimensions, Between(1, 256));
  io.Whole("few_labels", features.few_labels, kCount);
  io.Whole("few_labels_dimensions", features.few_labels_dimensions, Between(1, 256));
  io.Whole("fit_after_prompts", features.fit_after_prompts, kCount);
  io.Text("file", features.file, TextRule::kAny);
  io.Whole("embedding_dimensions", features.embedding_dimensions, Between(0, 4096));
  io.List("numeric", features.numeric, [](auto& item, auto& numeric) {
    item.Text("name", numeric.name, TextRule::kRequired);
    item.Number("mean", numeric.mean, AnyNumber());
    item.Number("scale", numeric.scale, Above(0));
  });
  io.List("categorical", features.categorical, [](auto& item, auto& categorical) {
    item.Text("name", categorical.name, TextRule::kRequired);
    item.TextList("values", categorical.values);
  });
}

template <class Io, class T>
void LogFields(Io& io, T& log) {
  io.Choice("prompts", log.prompts, kPromptLoggings);
  io.Choice("durability", log.durability, kDurabilities);
  io.Number("keep_probability", log.keep_probability, AboveUpTo(0, 1));
  io.Whole("queue_capacity", log.queue_capacity, Between(1, 1e8));
  io.Number("keep_days", log.keep_days, Between(0, 1e5));
}

template <class Io, class T>
void TrustFields(Io& io, T& trust) {
  io.Number("max_share", trust.max_share, AboveUpTo(0, 1));
  io.Number("alarm", trust.alarm, Between(0, 1e6));
}

template <class Io, class T>
void ServeFields(Io& io, T& serve) {
  io.Text("listen", serve.listen, TextRule::kNonEmpty);
  io.Text("admin_listen", serve.admin_listen, TextRule::kAny);
  io.Whole("max_prompt_bytes", serve.max_prompt_bytes, Between(1, 1 << 30));
  io.Whole("idempotency_window", serve.idempotency_window, Between(0, 1e8));
  io.Number("publish_interval_s", serve.publish_interval_s, Between(0, 3600));
  io.Number("drain_s", serve.drain_s, Between(0, 3600));
  io.Section("tls", [&](auto& s) {
    s.Text("cert_file", serve.tls.cert_file, TextRule::kAny);
    s.Text("key_file", serve.tls.key_file, TextRule::kAny);
    s.Text("client_ca_file", serve.tls.client_ca_file, TextRule::kAny);
  });
  io.Text("keys_file", serve.keys_file, TextRule::kAny);
  io.Whole("max_in_flight", serve.max_in_flight, Between(1, 1e6));
  io.Whole("max_connections", serve.max_connections, Between(1, 1e6));
}

template <class Io, class T>
void ConfigFields(Io& io, T& config) {
  io.Text("name", config.name, TextRule::kNonEmpty);
  io.Choice("mode", config.mode, kModes);
  io.List("tiers", config.tiers, [](auto& item, auto& tier) { TierFields(item, tier); });
  io.Section("policy", [&](auto& s) { PolicyFields(s, config.policy); });
  io.Section("objective", [&](auto& s) {
    s.Choice("kind", config.objective.kind, kObjectiveKinds);
    s.Number("cost_weight", config.objective.cost_weight, Between(0, 1e12));
  });
  io.Section("limits", [&](auto& s) { LimitFields(s, config.limits); });
  io.Choice("on_infeasible", config.on_infeasible, kInfeasibleAnswers);
  io.Choice("on_log_failure", config.on_log_failure, kLogFailureAnswers);
  io.Section("sessions", [&](auto& s) { SessionFields(s, config.sessions); });
  io.Section("drift", [&](auto& s) { DriftFields(s, config.drift); });
  io.Section("trust", [&](auto& s) { TrustFields(s, config.trust); });
  io.Section("audit", [&](auto& s) { s.Number("rate", config.audit_rate, kProbability); });
  io.List("providers", config.providers, [](auto& item, auto& provider) { ProviderFields(item, provider); });
  io.List("judges", config.judges, [](auto& item, auto& judge) { JudgeFields(item, judge); });
  io.Section("nightly", [&](auto& s) { NightlyFields(s, config.nightly); });
  io.Section("features", [&](auto& s) { FeatureFields(s, config.features); });
  io.Section("log", [&](auto& s) { LogFields(s, config.log); });
  io.Section("serve", [&](auto& s) { ServeFields(s, config.serve); });
}

}  // namespace

Config DecodeConfig(const YamlNode& root, Diagnostics& diagnostics) {
  Config config;
  FieldReader reader(root, "", diagnostics);
  ConfigFields(reader, config);
  return config;
}

YamlNode EncodeConfig(const Config& config) {
  FieldWriter writer;
  ConfigFields(writer, config);
  return std::move(writer).Take();
}

ChoiceTable<PolicyKind> PolicyKinds() { return kPolicyKinds; }
ChoiceTable<ObjectiveKind> ObjectiveKinds() { return kObjectiveKinds; }
ChoiceTable<BudgetPeriod> BudgetPeriods() { return kBudgetPeriods; }
ChoiceTable<BudgetKind> BudgetKinds() { return kBudgetKinds; }
ChoiceTable<BudgetScope> BudgetScopes() { return kBudgetScopes; }
ChoiceTable<LatencyMetric> LatencyMetrics() { return kLatencyMetrics; }
ChoiceTable<OnInfeasible> InfeasibleAnswers() { return kInfeasibleAnswers; }
ChoiceTable<OnLogFailure> LogFailureAnswers() { return kLogFailureAnswers; }
ChoiceTable<JudgeKind> JudgeKinds() { return kJudgeKinds; }
ChoiceTable<Mode> Modes() { return kModes; }
ChoiceTable<PromptLogging> PromptLoggings() { return kPromptLoggings; }
ChoiceTable<Durability> Durabilities() { return kDurabilities; }

}  // namespace suffice
