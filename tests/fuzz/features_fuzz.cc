// Any bytes as a prompt: sketch, its encoding, and both kinds of feature vectors.
#include <cmath>
#include <vector>

#include "features/feature_set.h"
#include "features/sketch.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/require.h"

namespace suffice {
namespace {

FeatureSetPtr FittedFeatures(const FeatureConfig& config) {
  SvdFitter fitter(config, {.dimensions = 4, .power_iterations = 1, .oversampling = 2, .threads = 1, .salt = 7});
  for (int i = 0; i < 32; ++i) {
    Sketch sketch;
    SketchText("prompt number " + std::to_string(i * i) + (i % 3 == 0 ? " about cats" : " in C++: f(x) = 2;"), 7, sketch);
    fitter.Add(sketch);
  }
  auto fitted = fitter.Fit();
  SUFFICE_REQUIRE(fitted.ok());
  return *std::move(fitted);
}

void CheckVector(const FeatureSet& features, const Sketch& sketch) {
  std::vector<float> x(static_cast<size_t>(features.dimensions())), again(x.size());
  features.Compute(sketch, x);
  features.Compute(sketch, again);
  SUFFICE_REQUIRE(x == again);
  SUFFICE_REQUIRE(x[0] == 1);
  for (const float value : x) SUFFICE_REQUIRE(std::fabs(value) <= 5);
}

}  // namespace
}  // namespace suffice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  static const FeatureConfig config;
  static const FeatureSetPtr counted = MakeCountedFeatures(config);
  static const FeatureSetPtr fitted = FittedFeatures(config);
  FuzzInput input(data, size);
  const auto salt = input.Number<uint64_t>();
  // In two messages, too: roles and newlines are part of the text.
  RouteRequest request;
  request.messages = {{input.Text(), input.Text()}, {"user", std::string(input.Rest())}};
  for (const std::string& text : {std::string(input.Rest()), RequestText(request)}) {
    Sketch sketch, again;
    SketchText(text, salt, sketch);
    SketchText(text, salt, again);
    SUFFICE_REQUIRE(sketch == again);
    const auto decoded = Sketch::Decode(sketch.Encode());
    SUFFICE_REQUIRE(decoded.ok() && *decoded == sketch);
    SUFFICE_REQUIRE(EstimateTokens(text) >= 1);
    CheckVector(*counted, sketch);
    CheckVector(*fitted, sketch);
  }
  return 0;
}
