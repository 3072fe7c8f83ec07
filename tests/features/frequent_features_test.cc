#include "features/frequent_features.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "catch.h"
#include "features/feature_bytes.h"

namespace suffice {
namespace {

constexpr uint64_t kSalt = 11;

Sketch SketchOf(const std::string& text) {
  Sketch sketch;
  SketchText(text, kSalt, sketch);
  return sketch;
}

constexpr const char* kSentences[] = {
    "she buys three pens. ",       "each costs two coins. ",     "then half are sold. ",       "a friend brings more. ",
    "they share what is left. ",   "one box holds eight. ",      "prices rise by ten. ",       "every day some break. ",
    "so he counts again. ",        "the shop gives back four. ", "his sister takes a third. ", "at last all go home. "};

// Prompts of one to twelve sentences, which l2 norm hides, with a rare word each.
std::string PromptOf(int i) {
  std::string text;
  for (int k = 0; k <= i % 12; ++k) text += kSentences[k];
  return text + "name" + std::to_string(i % 50) + (i % 3 == 0 ? " total" : " left");
}

struct Fitted {
  FeatureSetPtr base, extended;
};

Fitted Fit() {
  FrequentFitter frequent;
  SvdFitter svd({}, {.dimensions = 8, .salt = kSalt});
  for (int i = 0; i < 400; ++i) {
    svd.Add(SketchOf(PromptOf(i)));
    frequent.Add(SketchOf(PromptOf(i)));
  }
  const auto base = svd.Fit();
  REQUIRE(base.ok());
  return {*base, frequent.Extend(*base, {})};
}

std::vector<float> Compute(const FeatureSet& features, const std::string& text) {
  std::vector<float> x(static_cast<size_t>(features.dimensions()));
  features.Compute(SketchOf(text), x);
  return x;
}

}  // namespace

TEST_CASE("components of frequent tokens stand behind the projection and tell how many of them occur") {
  const Fitted fitted = Fit();
  REQUIRE(fitted.extended->dimensions() > fitted.base->dimensions());
  CHECK(fitted.extended->version() != fitted.base->version());
  const auto first = static_cast<size_t>(fitted.base->dimensions());
  CHECK(fitted.extended->DimensionName(static_cast<int>(first)) == "frequent_1");
  CHECK(fitted.extended->DimensionName(static_cast<int>(first) - 1) ==
        fitted.base->DimensionName(static_cast<int>(first) - 1));
  double last = 0, direction = 0;
  for (int sentences = 1; sentences <= 12; ++sentences) {
    const std::vector<float> x = Compute(*fitted.extended, PromptOf(12 * 3 + sentences - 1));
    const std::vector<float> own = Compute(*fitted.base, PromptOf(12 * 3 + sentences - 1));
    CHECK(std::equal(own.begin(), own.end(), x.begin()));
    for (const float value : x) CHECK(std::fabs(value) <= 5);
    // The first component is the length: it goes one way.
    if (sentences == 2) direction = x[first] > last ? 1 : -1;
    if (sentences > 1) CHECK(direction * (x[first] - last) > 0);
    last = x[first];
  }
}

TEST_CASE("a frequent token that is repeated says no more") {
  const Fitted fitted = Fit();
  const auto first = static_cast<size_t>(fitted.base->dimensions());
  const auto own = [&](const std::string& text) {
    const std::vector<float> x = Compute(*fitted.extended, text);
    return std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(first), x.end());
  };
  const std::string text = "pens. pens. ";
  CHECK(own(text + "pens. pens. pens. pens. ") == own(text));
  CHECK(own(text + "each costs ") != own(text));
}

TEST_CASE("an extended set is the same bytes each time, and is read back the same") {
  const Fitted fitted = Fit();
  const std::string bytes = fitted.extended->Serialize();
  CHECK(Fit().extended->Serialize() == bytes);
  const auto read = LoadFeatureSet(bytes, {});
  REQUIRE(read.ok());
  CHECK((*read)->version() == fitted.extended->version());
  CHECK(SaltOf(**read) == kSalt);
  CHECK(Compute(**read, PromptOf(7)) == Compute(*fitted.extended, PromptOf(7)));
  // A set of an earlier release, which counted: the same but for its kind.
  std::string counted = bytes.substr(0, bytes.size() - 8);
  counted[8] = 3;
  const auto old = LoadFeatureSet(CloseFrame(counted), {});
  REQUIRE(old.ok());
  CHECK(LoadFeatureSet((*old)->Serialize(), {}).value()->version() == (*old)->version());
  CHECK(Compute(**old, PromptOf(7) + PromptOf(7)) != Compute(*fitted.extended, PromptOf(7) + PromptOf(7)));
  for (size_t cut : {size_t{1}, size_t{30}, bytes.size() / 2, bytes.size() - 1}) {
    CHECK_FALSE(LoadFeatureSet(bytes.substr(0, cut), {}).ok());
  }
}

TEST_CASE("without frequent tokens a set stays as it is") {
  const Fitted fitted = Fit();
  CHECK(FrequentFitter().Extend(fitted.base, {}) == fitted.base);
  FrequentFitter rare({.least_share = 0.9});
  for (int i = 0; i < 100; ++i) rare.Add(SketchOf({static_cast<char>('a' + i / 10), static_cast<char>('a' + i % 10), 'x'}));
  CHECK(rare.Extend(fitted.base, {}) == fitted.base);
}

}  // namespace suffice
