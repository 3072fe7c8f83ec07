// Writes the binary files of the corpus: what the program itself encodes, behind the byte that says what it is.
//   suffice_fuzz_seeds tests/fuzz/corpus
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "features/feature_set.h"
#include "learner/limit_fold.h"
#include "learner/release.h"
#include "learner/statistics.h"
#include "limits/ledger.h"
#include "log/row_codec.h"
#include "suffice/v1/router.pb.h"

namespace suffice {
namespace {

std::filesystem::path root;

void Write(const std::string& target, const std::string& name, int selector, const std::string& bytes) {
  std::filesystem::create_directories(root / target);
  std::ofstream file(root / target / name, std::ios::binary);
  if (selector >= 0) file << static_cast<char>(selector);
  file << bytes;
}

// What fuzz_log_text and fuzz_features read: each text behind its length.
std::string Texts(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) bytes += static_cast<char>(text.size()) + text;
  return bytes;
}

Sketch SketchOf(const std::string& text) {
  Sketch sketch;
  SketchText(text, 7, sketch);
  return sketch;
}

// The body of a feature set, without its frame (features/feature_bytes.h): fuzz_stored_bytes makes the frame.
std::string Body(const FeatureSet& features) {
  const std::string bytes = features.Serialize();
  return bytes.substr(20, bytes.size() - 28);
}

void WriteStoredBytes() {
  const FeatureConfig config;
  Write("stored_bytes", "sketch", 0, SketchOf("Translate to French: good morning, 2 times").Encode());
  std::string bytes;
  EncodeFeatures({1, -0.5F, 5}, bytes);
  Write("stored_bytes", "floats", 1, bytes);
  EncodeTiers({{.tier = "small", .quality = 0.5, .propensity = 0.25},
               {.tier = "large", .exclusion = ExclusionReason::kBudget, .exclusion_detail = "spent", .cost_usd = 1e-5}},
              bytes);
  Write("stored_bytes", "tiers", 1, bytes);
  EncodeMultipliers({{"quality", 1}, {"cost_usd.small", 60}}, bytes);
  Write("stored_bytes", "multipliers", 1, bytes);
  Write("stored_bytes", "id", 1, "018f3c2e-6b1a-7c3d-8e4f-0123456789ab");
  Write("stored_bytes", "counted_features", 2, std::string(1, 1).append(Body(*MakeCountedFeatures(config))));

  const FeatureSetPtr counted = MakeCountedFeatures(config);
  const int d = counted->dimensions();
  auto release = std::make_shared<Release>();
  release->number = 1;
  release->features = counted;
  release->overrides = {"policy.threshold.alpha=0.5"};
  Write("stored_bytes", "empty_release", 6, EncodeFit(*release));
  Write("stored_bytes", "empty_statistics", 3, Statistics(counted, 5000).Serialize());
  release->tiers["small"] = {.quality = RidgeStatistics(d), .output_tokens = RidgeStatistics(d), .latency = RidgeStatistics(d)};
  Write("stored_bytes", "release", 6, EncodeFit(*release));
  Write("stored_bytes", "statistics", 3, Statistics(release, 5000).Serialize());
  Write("stored_bytes", "limits", 4, LimitFold().Serialize());

  Ledger ledger({{.name = "daily", .usd = 10, .period = BudgetPeriod::kDay}});
  DecisionId id;
  id.bytes[0] = 1;
  const LedgerDecision decision{.id = id, .tenant = "shop", .tier = "small", .time_us = 1'700'000'000'000'000, .worst_nanos = 1000, .expected_nanos = 10};
  (void)ledger.Reserve(decision);
  ledger.Commit(id);
  Write("stored_bytes", "ledger", 5, ledger.Serialize());
}

void WriteMessages() {
  v1::OutcomeRequest outcome;
  outcome.set_decision_id("018f3c2e-6b1a-7c3d-8e4f-0123456789ab");
  outcome.set_tenant("shop");
  outcome.set_served_model("m-20250101");
  Write("rpc", "outcome", 0, outcome.SerializeAsString());
  v1::FeedbackRequest feedback;
  feedback.set_feedback_id("f1");
  feedback.set_decision_id(outcome.decision_id());
  feedback.set_reward(1);
  Write("rpc", "feedback", 1, feedback.SerializeAsString());
  v1::RouteRequest route;
  route.set_prompt("Translate to French: good morning");
  route.set_request_id("r1");
  route.set_session("s1");
  Write("rpc", "route", 2, route.SerializeAsString());
  route.clear_prompt();
  auto* const message = route.mutable_chat()->add_messages();
  message->set_role("user");
  message->set_content("f(x) = 2x");
  route.add_allowed_tiers("small");
  route.add_required_capabilities("tools");
  Write("rpc", "chat", 3, route.SerializeAsString());
}

void WriteTexts() {
  const std::string nul("a\0b", 3), broken = "\xff\xc3(", quotes = "'; DROP TABLE decisions; --\"";
  Write("log_text", "plain", -1, Texts({"r1", "shop", "s1", "small", "small", "", "a prompt", "", "hash", "base", "", "small", "m-1", "f1", "1"}));
  Write("log_text", "odd", -1, Texts({nul, broken, quotes, nul, broken, quotes, nul, broken, quotes, nul, broken, quotes, nul, broken, quotes}));
  const std::string salt = "\x07\x01\x02\x03\x04\x05\x06\x07";
  Write("features", "prompt", -1, salt + Texts({"system", "Be brief."}) + "Translate to French: good morning, 3 times!\n");
  Write("features", "code", -1, salt + Texts({"", ""}) + "```cpp\nint main() { return f(0x1F) + 3.14e-5; }\n```\n");
  Write("features", "broken_utf8", -1, salt + Texts({broken, nul}) + "na\xc3\xafve \xe2\x82 \xf0\x9f\x98\x80 \xff\xfe" + nul);
  Write("features", "empty", -1, "");
}

}  // namespace
}  // namespace suffice

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: suffice_fuzz_seeds FOLDER\n");
    return 2;
  }
  suffice::root = argv[1];
  suffice::WriteStoredBytes();
  suffice::WriteMessages();
  suffice::WriteTexts();
}
