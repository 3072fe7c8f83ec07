// Embeds the engine: routes a prompt, tells its outcome and a reward, and asks why. Exits 0 when all of it worked.
#include <cstdio>
#include <string>

#include "suffice/engine.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto config = suffice::LoadConfig(argv[1]);
  if (!config.ok()) {
    std::fprintf(stderr, "%s\n", std::string(config.status().message()).c_str());
    return 1;
  }
  auto engine = suffice::Engine::Open({.config = *config, .database = argv[2]});
  if (!engine.ok()) {
    std::fprintf(stderr, "%s\n", std::string(engine.status().message()).c_str());
    return 1;
  }
  suffice::RouteRequest request;
  request.prompt = "Translate to French: good morning";
  const auto decision = (*engine)->Route(request);
  if (!decision.ok()) return 1;

  suffice::Outcome outcome;
  outcome.decision_id = decision->id;
  outcome.output_tokens = 7;
  outcome.latency_ms = 420;
  if (!(*engine)->RecordOutcome(outcome).ok()) return 1;
  suffice::Feedback feedback;
  feedback.feedback_id = "f1";
  feedback.decision_id = decision->id;
  feedback.reward = 1;
  if (!(*engine)->RecordFeedback(feedback).ok()) return 1;
  if (!(*engine)->Sync().ok() || (*engine)->Status().observations != 1) return 1;
  const auto why = (*engine)->Explain(decision->id, "");
  if (!why.ok() || why->tier != decision->tier) return 1;
  std::printf("%s at propensity %.3f\n", decision->tier.c_str(), decision->propensity);
  return (*engine)->Close().ok() ? 0 : 1;
}
