#include "app/call_requests.h"

#include <algorithm>
#include <cctype>
#include <iostream>
#include <iterator>
#include <list>
#include <nlohmann/json.hpp>

#include "app/flags.h"
#include "base/clock.h"
#include "base/ids.h"

namespace suffice {
namespace {

using nlohmann::json;

const RequestFlag kDecision = {"decision-id", "decision_id", "ID", "as Route gave it"};
const RequestFlag kTenant = {"tenant", "tenant", "NAME", "whose request it is"};

CallSpec RouteSpec() {
  return {"route",
          "Asks for a tier for one prompt, from --prompt or standard input.",
          "suffice call route --prompt 'Translate to French: good morning'\n"
          "suffice call route --tenant acme --pinned-tier large < prompt.txt\n"
          "suffice call route --json '{\"chat\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}}'",
          {{"prompt", "prompt", "TEXT", "what the model is to answer"},
           kTenant,
           {"session", "session", "NAME", "groups the requests of one conversation"},
           {"request-id", "request_id", "ID", "the same id gives the same decision"},
           {"allowed-tier", "allowed_tiers", "TIER", "only these tiers", "", true},
           {"pinned-tier", "pinned_tier", "TIER", "this tier and no other"},
           {"caller-tier", "caller_tier", "TIER", "the caller's own choice, in modes apprentice and log_only"},
           {"capability", "required_capabilities", "NAME", "the tier must have it", "", true},
           {"max-output-tokens", "max_output_tokens", "N", "longest answer"},
           {"required-context-tokens", "required_context_tokens", "N", "window needed, instead of an estimate"},
           {"max-cost-usd", "max_cost_usd", "USD", "limit for this request alone"},
           {"max-latency-ms", "max_latency_ms", "MS", "limit for this request alone"},
           {"min-quality", "min_quality", "Q", "limit for this request alone"},
           {"dry-run", "mode", "", "decide, but keep nothing", "ROUTE_MODE_DRY_RUN"}}};
}

CallSpec OutcomeSpec() {
  return {"outcome",
          "Records what a model call really was.",
          "suffice call outcome --decision-id $ID --input-tokens 120 --output-tokens 310 --latency-ms 1840",
          {kDecision,
           kTenant,
           {"status", "status", "STATUS", "ok, error, timeout, refused or cancelled", "CALL_STATUS_"},
           {"input-tokens", "input_tokens", "N", "of the prompt, as billed"},
           {"output-tokens", "output_tokens", "N", "of the answer, as billed"},
           {"cost-usd", "cost_usd", "USD", "as billed; without it: by the price list"},
           {"time-to-first-token-ms", "time_to_first_token_ms", "MS", "until the first token"},
           {"latency-ms", "latency_ms", "MS", "until the end of the answer"},
           {"retries", "retries", "N", "calls made in vain before"},
           {"cached-input-tokens", "cached_input_tokens", "N", "of the input tokens: from the provider's cache"},
           {"reasoning-tokens", "reasoning_tokens", "N", "of the output tokens: spent on thinking"},
           {"served-tier", "served_tier", "TIER", "the tier that really answered, if another"},
           {"served-model", "served_model", "NAME", "the model that answered, as the provider named it"}}};
}

CallSpec FeedbackSpec() {
  return {"feedback",
          "Records how good an answer was: a reward, thumbs or stars.",
          "suffice call feedback --decision-id $ID --reward 0.9\n"
          "suffice call feedback --decision-id $ID --thumbs down --source user",
          {kDecision,
           kTenant,
           {"feedback-id", "feedback_id", "ID", "the same id counts once; without it: a new one"},
           {"reward", "reward", "R", "in [0, 1], 1 best"},
           {"thumbs", "thumbs", "WAY", "up or down", "THUMBS_"},
           {"stars", "stars", "N", "1 to 5"},
           {"source", "source", "WHO", "user, judge or check", "FEEDBACK_SOURCE_"},
           {"judge-version", "judge_version", "TEXT", "model and prompt of the judge"}}};
}

// One flag's place to be filled.
struct Slot {
  const RequestFlag* spec;
  bool given = false;
  std::string text;
  std::vector<std::string> texts;
};

void AddTo(Flags& flags, Slot& slot) {
  FlagTarget target = &slot.text;
  if (slot.spec->value.empty()) target = &slot.given;
  if (slot.spec->repeated) target = &slot.texts;
  flags.Add(slot.spec->flag, target, {.value = slot.spec->value, .help = slot.spec->help});
}

std::string EnumName(const std::string& prefix, std::string text) {
  if (prefix.empty()) return text;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return prefix + text;
}

// Numbers may stay texts: protobuf's JSON reads "12" as 12.
void Put(const Slot& slot, json& request) {
  const RequestFlag& spec = *slot.spec;
  if (slot.given) {
    request[spec.field] = spec.prefix;
  } else if (!slot.texts.empty()) {
    request[spec.field] = slot.texts;
  } else if (!slot.text.empty()) {
    request[spec.field] = EnumName(spec.prefix, slot.text);
  }
}

// What a request needs and the flags did not say.
void FillDefaults(const std::string& rpc, json& request) {
  if (rpc == "route" && !request.contains("prompt") && !request.contains("chat")) {
    request["prompt"] = std::string(std::istreambuf_iterator<char>(std::cin), {});
  }
  if (rpc == "feedback" && !request.contains("feedback_id")) {
    request["feedback_id"] = DecisionIdGenerator(RandomSeed()).Next(Clock::System()->NowMicros()).ToString();
  }
}

}  // namespace

const std::vector<CallSpec>& CallSpecs() {
  static const std::vector<CallSpec>* const kSpecs = new std::vector<CallSpec>{
      RouteSpec(),
      OutcomeSpec(),
      FeedbackSpec(),
      {"explain",
       "Says why a decision fell as it did.",
       "suffice call explain --decision-id $ID",
       {kDecision, kTenant}},
      {"status", "Counts and state of the service.", "suffice call status", {}},
      {"health",
       "Asks grpc.health.v1; exit code 1 unless SERVING.",
       "suffice call health --address 127.0.0.1:7433",
       {{"service", "service", "NAME", "full name; without it: the whole server"}}},
  };
  return *kSpecs;
}

ParsedCall ParseCall(const CallSpec& spec, const std::vector<std::string>& args, Io& io) {
  ParsedCall parsed;
  std::string raw = "{}";
  Flags flags("call " + spec.rpc, spec.summary, spec.example);
  parsed.arguments.server.AddTo(flags);
  flags.Add("timeout-s", &parsed.arguments.timeout_s, {.value = "S", .help = "longest wait"});
  flags.Add("json", &raw, {.value = "JSON", .help = "the request; the other flags are put into it"});
  std::list<Slot> slots;
  for (const RequestFlag& flag : spec.flags) AddTo(flags, slots.emplace_back(Slot{&flag}));
  parsed.exit_code = flags.Parse(args, io);
  if (parsed.exit_code) return parsed;

  json request = json::parse(raw, nullptr, false);
  if (!request.is_object()) {
    io.err << "suffice call " << spec.rpc << ": --json: expected a JSON object\n";
    parsed.exit_code = kExitUsage;
    return parsed;
  }
  for (const Slot& slot : slots) Put(slot, request);
  FillDefaults(spec.rpc, request);
  parsed.arguments.request_json = request.dump(-1, ' ', false, json::error_handler_t::replace);
  return parsed;
}

}  // namespace suffice
