// Any bytes where the log keeps encodings of its own (the first byte says which): no crash, no memory out of proportion,
// and what is accepted encodes to something that decodes again.
#include <string>

#include "features/feature_bytes.h"
#include "features/feature_set.h"
#include "features/sketch.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/require.h"
#include "learner/limit_fold.h"
#include "learner/release.h"
#include "learner/statistics.h"
#include "limits/ledger.h"
#include "log/row_codec.h"

namespace suffice {
namespace {

const FeatureConfig& Features() {
  static const FeatureConfig config;
  return config;
}

void FuzzSketch(const std::string& bytes) {
  const auto sketch = Sketch::Decode(bytes);
  if (!sketch.ok()) return;
  const auto again = Sketch::Decode(sketch->Encode());
  SUFFICE_REQUIRE(again.ok() && *again == *sketch);
  static const FeatureSetPtr counted = MakeCountedFeatures(Features());
  std::vector<float> x(static_cast<size_t>(counted->dimensions()));
  if (sketch->extras.empty()) counted->Compute(*sketch, x);
}

void FuzzRows(const std::string& bytes) {
  if (const auto floats = DecodeFeatures(bytes); floats.ok()) {
    std::string again;
    EncodeFeatures(*floats, again);
    SUFFICE_REQUIRE(again == bytes);
  }
  std::string json;
  if (const auto tiers = DecodeTiers(bytes); tiers.ok()) {
    EncodeTiers(*tiers, json);
    SUFFICE_REQUIRE(DecodeTiers(json).ok());
  }
  if (const auto multipliers = DecodeMultipliers(bytes); multipliers.ok()) {
    EncodeMultipliers(*multipliers, json);
    SUFFICE_REQUIRE(DecodeMultipliers(json).ok());
  }
  (void)DecodeOrigin(bytes);
  (void)DecodeCallStatus(bytes);
  (void)DecodeSource(bytes);
  if (const auto id = DecisionId::Parse(bytes)) SUFFICE_REQUIRE(DecisionId::Parse(id->ToString()) == id);
}

// A frame with its checksum, or nothing but refusals would be tried.
void FuzzFeatureSet(FuzzInput& input) {
  const auto kind = static_cast<FeatureKind>(input.Number<uint8_t>() % 4);
  const std::string bytes = CloseFrame(OpenFrame(kind, LayoutHash(Features())) + std::string(input.Rest()));
  const auto features = LoadFeatureSet(bytes, Features());
  if (!features.ok()) return;
  const auto again = LoadFeatureSet((*features)->Serialize(), Features());
  SUFFICE_REQUIRE(again.ok() && (*again)->dimensions() == (*features)->dimensions());
  Sketch sketch;
  SketchText("a prompt, with 3 numbers: 1, 2, 30", 7, sketch);
  std::vector<float> x(static_cast<size_t>((*features)->dimensions()));
  (*features)->Compute(sketch, x);
}

void FuzzStatistics(const std::string& bytes) {
  const FeatureSetPtr counted = MakeCountedFeatures(Features());
  const auto statistics = Statistics::Deserialize(bytes, counted, 5000);
  if (!statistics.ok()) return;
  SUFFICE_REQUIRE(Statistics::Deserialize(statistics->Serialize(), counted, 5000).ok());
}

void FuzzLimits(const std::string& bytes) {
  const auto limits = LimitFold::Deserialize(bytes);
  if (limits.ok()) SUFFICE_REQUIRE(LimitFold::Deserialize(limits->Serialize()).ok());
}

void FuzzLedger(const std::string& bytes) {
  constexpr int64_t kNowUs = 1'700'000'000'000'000;
  const std::vector<Budget> budgets = {{.name = "daily", .usd = 10, .period = BudgetPeriod::kDay},
                                       {.name = "each", .usd = 5, .period = BudgetPeriod::kMonth, .each = BudgetScope::kTenantAndTier}};
  const auto ledger = Ledger::Deserialize(bytes, budgets, kNowUs);
  if (ledger.ok()) SUFFICE_REQUIRE(Ledger::Deserialize(ledger->Serialize(), budgets, kNowUs).ok());
}

void FuzzRelease(const std::string& bytes) {
  const FeatureSetPtr counted = MakeCountedFeatures(Features());
  const auto release = DecodeRelease({.number = 1, .fit = bytes}, counted);
  if (release.ok()) SUFFICE_REQUIRE(DecodeRelease({.number = 1, .fit = EncodeFit(*release)}, counted).ok());
}

}  // namespace
}  // namespace suffice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  FuzzInput input(data, size);
  const auto kind = input.Number<uint8_t>();
  const std::string bytes(input.Rest());
  switch (kind % 7) {
    case 0: FuzzSketch(bytes); break;
    case 1: FuzzRows(bytes); break;
    case 2: FuzzFeatureSet(input); break;
    case 3: FuzzStatistics(bytes); break;
    case 4: FuzzLimits(bytes); break;
    case 5: FuzzLedger(bytes); break;
    case 6: FuzzRelease(bytes); break;
  }
  return 0;
}
