#include "replay/case_file.h"

#include <utility>

#include "config/field_reader.h"
#include "config/yaml_tree.h"

namespace suffice {
namespace {

constexpr int64_t kMondayUs = 1'772'409'600'000'000;  // 2026-03-02, midnight UTC

// Takes the entry out of the map: it is not a field reader's to know.
std::optional<YamlNode> Take(YamlNode& map, std::string_view key) {
  for (auto entry = map.entries.begin(); entry != map.entries.end(); ++entry) {
    if (entry->key != key) continue;
    YamlNode value = std::move(entry->value);
    map.entries.erase(entry);
    return value;
  }
  return std::nullopt;
}

void ReadTokens(FieldReader& io, std::string_view key, std::optional<int64_t>& field) {
  std::optional<double> tokens;
  io.Number(key, tokens, AtLeast(0));
  if (tokens) field = static_cast<int64_t>(*tokens);
}

void RequestFields(FieldReader& io, RouteRequest& request) {
  io.Text("prompt", request.prompt, TextRule::kNonEmpty);
  int64_t prompt_tokens = 0;
  io.Whole("prompt_tokens", prompt_tokens, AtLeast(0));
  if (prompt_tokens > 0) request.prompt.assign(static_cast<size_t>(4 * prompt_tokens), 'x');
  io.List("messages", request.messages, [&](FieldReader& item, Message& message) {
    item.Text("role", message.role, TextRule::kRequired);
    item.Text("content", message.content, TextRule::kRequired);
  });
  if (!request.messages.empty()) request.prompt.clear();
  io.Text("tenant", request.tenant, TextRule::kAny);
  io.Text("session", request.session, TextRule::kAny);
  io.Whole("max_output_tokens", request.max_output_tokens, AtLeast(0));
  io.TextList("required_capabilities", request.required_capabilities);
  io.Whole("required_context_tokens", request.required_context_tokens, AtLeast(0));
  io.TextList("allowed_tiers", request.allowed_tiers);
  io.Text("pinned_tier", request.pinned_tier, TextRule::kAny);
  io.Text("caller_tier", request.caller_tier, TextRule::kAny);
  io.Number("max_cost_usd", request.max_cost_usd, AtLeast(0));
  io.Number("max_latency_ms", request.max_latency_ms, AtLeast(0));
  io.Number("min_quality", request.min_quality, AtLeast(0));
  io.Flag("dry_run", request.dry_run);
}

void OutcomeFields(FieldReader& io, Outcome& outcome) {
  ReadTokens(io, "input_tokens", outcome.input_tokens);
  ReadTokens(io, "output_tokens", outcome.output_tokens);
  ReadTokens(io, "cached_input_tokens", outcome.cached_input_tokens);
  ReadTokens(io, "reasoning_tokens", outcome.reasoning_tokens);
  io.Number("cost_usd", outcome.cost_usd, AtLeast(0));
  io.Number("time_to_first_token_ms", outcome.time_to_first_token_ms, AtLeast(0));
  io.Number("latency_ms", outcome.latency_ms, AtLeast(0));
  io.Text("served_model", outcome.served_model, TextRule::kAny);
}

void LogFields(FieldReader& io, LoggedCall& call) {
  RequestFields(io, call.request);
  io.Text("tier", call.request.caller_tier, TextRule::kNonEmpty);
  OutcomeFields(io, call.outcome);
  io.Flag("answered", call.answered);
  io.Number("reward", call.reward, Between(0, 1));
  io.Flag("audit", call.audit);
  io.Whole("times", call.times, Between(1, 100'000));
  io.Number("every_s", call.every_s, AtLeast(0));
}

void LimitFields(FieldReader& io, ExpectedLimit& limit) {
  io.Text("name", limit.name, TextRule::kRequired);
  io.Text("state", limit.state, TextRule::kNonEmpty);
  io.Number("observed", limit.observed, AnyNumber());
  io.Number("nearest_feasible", limit.nearest_feasible, AnyNumber());
  io.Number("multiplier", limit.multiplier, AnyNumber());
}

void BudgetFields(FieldReader& io, ExpectedBudget& budget) {
  io.Text("name", budget.name, TextRule::kRequired);
  io.Text("tenant", budget.tenant, TextRule::kAny);
  io.Text("tier", budget.tier, TextRule::kAny);
  io.Number("spent_usd", budget.spent_usd, AnyNumber());
  io.Number("reserved_usd", budget.reserved_usd, AnyNumber());
  io.Number("exposure_usd", budget.exposure_usd, AnyNumber());
}

void ExpectTierNumbers(FieldReader& io, Expectation& expect) {
  io.NumberMap("propensities", expect.propensities, Between(0, 1));
  io.NumberMap("quality", expect.quality, AnyNumber());
  io.NumberMap("score", expect.score, AnyNumber());
  io.NumberMap("cost_usd", expect.cost_usd, AnyNumber());
  io.NumberMap("worst_cost_usd", expect.worst_cost_usd, AnyNumber());
  io.NumberMap("latency_ms", expect.latency_ms, AnyNumber());
  io.NumberMap("start_ms", expect.start_ms, AnyNumber());
  io.NumberMap("late_p50", expect.late_p50, AnyNumber());
  io.NumberMap("late_p95", expect.late_p95, AnyNumber());
  io.NumberMap("late_p99", expect.late_p99, AnyNumber());
  io.NumberMap("multipliers", expect.multipliers, AnyNumber());
}

void ExpectFields(FieldReader& io, Expectation& expect) {
  io.Number("tolerance", expect.tolerance, Above(0));
  io.Text("tier", expect.tier, TextRule::kNonEmpty);
  io.Text("policy_tier", expect.policy_tier, TextRule::kNonEmpty);
  io.Text("price_version", expect.price_version, TextRule::kNonEmpty);
  io.Text("infeasible", expect.infeasible, TextRule::kNonEmpty);
  io.Flag("session_kept", expect.session_kept);
  io.Whole("max_output_tokens", expect.max_output_tokens, AtLeast(0));
  io.TextList("fallbacks", expect.fallbacks);
  ExpectTierNumbers(io, expect);
  io.List("excluded", expect.excluded, [](FieldReader& item, ExpectedExclusion& exclusion) {
    item.Text("tier", exclusion.tier, TextRule::kRequired);
    item.Text("reason", exclusion.reason, TextRule::kRequired);
    item.Text("detail", exclusion.detail, TextRule::kNonEmpty);
  });
  io.List("limits", expect.limits, [](FieldReader& item, ExpectedLimit& limit) { LimitFields(item, limit); });
  io.List("budgets", expect.budgets, [](FieldReader& item, ExpectedBudget& budget) { BudgetFields(item, budget); });
  io.Section("error", [&](FieldReader& error) {
    expect.error.emplace();
    error.Text("code", expect.error->code, TextRule::kRequired);
    error.Text("reason", expect.error->reason, TextRule::kNonEmpty);
    error.Text("text", expect.error->text, TextRule::kNonEmpty);
    error.Number("retry_after_s", expect.error->retry_after_s, AtLeast(0));
  });
}

std::set<std::string> KeysOf(const YamlNode* map) {
  std::set<std::string> keys;
  if (map == nullptr) return keys;
  for (const YamlEntry& entry : map->entries) keys.insert(entry.key);
  keys.erase("tolerance");
  return keys;
}

ReplayStep ReadStep(const YamlNode& node, const std::string& path, const RouteRequest& defaults,
                    Diagnostics& diagnostics) {
  ReplayStep step{.line = node.where.line};
  step.log.request = step.ask = defaults;
  step.expect.stated = KeysOf(node.Find("expect"));
  int kinds = 0;
  const auto is = [&](ReplayStep::Kind kind) {
    step.kind = kind;
    ++kinds;
  };
  if (node.Find("wait_s") != nullptr) is(ReplayStep::Kind::kWait);
  if (node.Find("reload") != nullptr) is(ReplayStep::Kind::kReload);
  FieldReader io(node, path, diagnostics);
  io.Number("wait_s", step.wait_s, AtLeast(0));
  io.TextList("reload", step.reload);
  io.Section("log", [&](FieldReader& log) {
    is(ReplayStep::Kind::kLog);
    LogFields(log, step.log);
  });
  io.Section("ask", [&](FieldReader& ask) {
    is(ReplayStep::Kind::kAsk);
    RequestFields(ask, step.ask);
  });
  io.Section("expect", [&](FieldReader& expect) { ExpectFields(expect, step.expect); });
  if (kinds != 1) diagnostics.Add(node.where, path, "expected one of log, wait_s, reload, ask");
  if ((step.kind == ReplayStep::Kind::kAsk) != !step.expect.stated.empty()) {
    diagnostics.Add(node.where, path + ".expect",
                    "expected with every ask, and nowhere else, at least one expectation");
  }
  return step;
}

struct Shared {
  std::string policy;
  RouteRequest request;
};

ReplayCase ReadCase(YamlNode node, const std::string& path, const Shared& shared, Diagnostics& diagnostics) {
  ReplayCase result{.line = node.where.line, .policy = shared.policy, .start_us = kMondayUs};
  if (const auto policy = Take(node, "policy")) result.policy = WriteYaml(*policy);
  const std::optional<YamlNode> steps = Take(node, "steps");
  FieldReader io(node, path, diagnostics);
  io.Text("name", result.name, TextRule::kRequired);
  io.Text("why", result.why, TextRule::kRequired);
  io.TextList("set", result.set);
  if (node.Find("start") != nullptr) io.Time("start", result.start_us);
  if (result.policy.empty()) diagnostics.Add(node.where, path + ".policy", "expected here or for the whole file");
  bool asks = false;
  for (size_t i = 0; steps && i < steps->items.size(); ++i) {
    result.steps.push_back(
        ReadStep(steps->items[i], path + ".steps." + std::to_string(i), shared.request, diagnostics));
    asks |= result.steps.back().kind == ReplayStep::Kind::kAsk;
  }
  if (!asks) diagnostics.Add(node.where, path + ".steps", "expected a list with at least one ask");
  return result;
}

}  // namespace

absl::StatusOr<std::vector<ReplayCase>> ParseReplayCases(const std::string& yaml, const std::string& file) {
  Diagnostics diagnostics(file);
  YamlNode root = ParseYamlTree(yaml, diagnostics);
  if (diagnostics.size() > 0) return diagnostics.ToStatus();
  Shared shared;
  shared.request.prompt = "Hello";
  if (const auto policy = Take(root, "policy")) shared.policy = WriteYaml(*policy);
  const std::optional<YamlNode> list = Take(root, "cases");
  {
    FieldReader io(root, "", diagnostics);
    io.Section("request", [&](FieldReader& request) { RequestFields(request, shared.request); });
  }
  std::vector<ReplayCase> cases;
  for (size_t i = 0; list && i < list->items.size(); ++i) {
    cases.push_back(ReadCase(list->items[i], "cases." + std::to_string(i), shared, diagnostics));
  }
  if (cases.empty()) diagnostics.Add(root.where, "cases", "expected a list of cases");
  if (diagnostics.size() > 0) return diagnostics.ToStatus();
  return cases;
}

}  // namespace suffice
