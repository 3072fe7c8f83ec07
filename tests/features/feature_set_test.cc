#include "features/feature_set.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

#include "base/hash.h"
#include "catch.h"

namespace suffice {
namespace {

constexpr uint64_t kSalt = 11;
constexpr size_t kProperties = 5;                 // that a fitted set takes in
constexpr size_t kFirstFitted = 1 + kProperties;  // without extras

Sketch SketchOf(std::string_view text, uint64_t salt = kSalt) {
  Sketch sketch;
  SketchText(text, salt, sketch);
  return sketch;
}

const std::vector<std::vector<std::string>>& Topics() {
  static const std::vector<std::vector<std::string>> topics = {
      {"oven", "flour", "butter", "bake", "sugar", "recipe", "dough", "salt", "cream", "whisk"},
      {"court", "judge", "contract", "law", "appeal", "tenant", "liable", "statute", "clause", "breach"},
      {"planet", "orbit", "star", "gravity", "comet", "telescope", "moon", "galaxy", "rocket", "solar"}};
  return topics;
}

std::string TopicText(size_t topic, std::mt19937& random) {
  static const std::vector<std::string> common = {"the", "a", "of", "and", "is", "how", "with", "to"};
  std::string text;
  for (int i = 0; i < 20; ++i) {
    const auto& words = random() % 2 == 0 ? common : Topics()[topic];
    text += words[random() % words.size()] + " ";
  }
  return text;
}

struct Corpus {
  std::vector<Sketch> sketches;
  std::vector<size_t> topics;
};

Corpus MakeCorpus(size_t size, unsigned seed = 5) {
  std::mt19937 random(seed);
  Corpus corpus;
  for (size_t i = 0; i < size; ++i) {
    corpus.topics.push_back(i % 3);
    corpus.sketches.push_back(SketchOf(TopicText(i % 3, random)));
  }
  return corpus;
}

FeatureSetPtr Fit(const Corpus& corpus, SvdFitOptions options = {.dimensions = 8}, const FeatureConfig& config = {}) {
  options.salt = kSalt;
  SvdFitter fitter(config, options);
  for (const Sketch& sketch : corpus.sketches) fitter.Add(sketch);
  auto fitted = fitter.Fit();
  REQUIRE(fitted.ok());
  return *fitted;
}

std::vector<float> Compute(const FeatureSet& features, const Sketch& sketch) {
  std::vector<float> x(static_cast<size_t>(features.dimensions()), std::numeric_limits<float>::quiet_NaN());
  features.Compute(sketch, x);
  return x;
}

std::vector<float> Projection(const FeatureSet& features, const Sketch& sketch) {
  const std::vector<float> x = Compute(features, sketch);
  return {x.begin() + kFirstFitted, x.end()};
}

double Length(const std::vector<float>& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / (Length(a) * Length(b));
}

FeatureConfig WithExtras() {
  FeatureConfig config;
  config.numeric = {{.name = "turns"}};
  config.categorical = {{.name = "plan", .values = {"free", "paid"}}};
  return config;
}

}  // namespace

TEST_CASE("counted features are the bias, the extras and the properties") {
  const FeatureSetPtr features = MakeCountedFeatures(WithExtras());
  Sketch sketch = SketchOf("How many apples are left?");
  sketch.extras = {2, 0, 1};
  const std::vector<float> x = Compute(*features, sketch);
  REQUIRE(x.size() == 1 + 3 + kPropertyCount);
  CHECK(std::vector<float>(x.begin(), x.begin() + 4) == std::vector<float>{1, 2, 0, 1});
  CHECK(std::equal(sketch.properties.begin(), sketch.properties.end(), x.begin() + 4));
  CHECK(features->extras() == 3);
  CHECK(features->DimensionName(0) == "bias");
  CHECK(features->DimensionName(3) == "plan=paid");
  CHECK(features->DimensionName(4) == PropertyNames()[0]);
  CHECK_FALSE(SaltOf(*features).has_value());
}

TEST_CASE("a projection fitted on three topics tells them apart") {
  const Corpus corpus = MakeCorpus(300), fresh = MakeCorpus(60, 99);
  const FeatureSetPtr features = Fit(corpus);
  CHECK(features->kind() == "svd");
  CHECK(SaltOf(*features) == kSalt);
  CHECK(features->DimensionName(1) == PropertyNames()[0]);
  CHECK(features->DimensionName(kFirstFitted) == "svd_1");
  const std::vector<float> x = Compute(*features, fresh.sketches[0]);
  CHECK(x[1] == fresh.sketches[0].properties[0]);
  double same = 0, other = 0;
  int same_pairs = 0, other_pairs = 0;
  for (size_t i = 0; i < fresh.sketches.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const double cosine = Cosine(Projection(*features, fresh.sketches[i]), Projection(*features, fresh.sketches[j]));
      (fresh.topics[i] == fresh.topics[j] ? same : other) += cosine;
      ++(fresh.topics[i] == fresh.topics[j] ? same_pairs : other_pairs);
    }
  }
  CHECK(same / same_pairs > 0.5);
  CHECK(other / other_pairs < 0.1);
}

TEST_CASE("fitted dimensions are centred, fall in spread, and have a mean variance of 0.4") {
  const Corpus corpus = MakeCorpus(300);
  const FeatureSetPtr features = Fit(corpus);
  std::vector<double> sums(8), squares(8);
  for (const Sketch& sketch : corpus.sketches) {
    const auto x = Compute(*features, sketch);
    for (size_t k = 0; k < 8; ++k) {
      sums[k] += x[kFirstFitted + k] / 300;
      squares[k] += x[kFirstFitted + k] * x[kFirstFitted + k] / 300;
    }
  }
  for (size_t k = 0; k < 8; ++k) {
    CHECK(sums[k] == Approx(0).margin(0.02));
    CHECK(squares[k] > 0.01);
  }
  CHECK(squares[1] > squares[7]);
  CHECK(std::accumulate(squares.begin(), squares.end(), 0.0) / 8 == Approx(0.4).margin(0.02));
}

TEST_CASE("repeating a text hardly moves its projection") {
  const FeatureSetPtr features = Fit(MakeCorpus(300));
  std::mt19937 random(3);
  for (size_t topic = 0; topic < 3; ++topic) {
    const std::string text = TopicText(topic, random);
    const auto once = Projection(*features, SketchOf(text)), twice = Projection(*features, SketchOf(text + text));
    CHECK(Cosine(once, twice) > 0.85);
    CHECK(Length(twice) / Length(once) == Approx(1).margin(0.25));
  }
}

TEST_CASE("a fit is the same each time and for any number of threads") {
  const Corpus corpus = MakeCorpus(1500);
  const std::string one = Fit(corpus, {.dimensions = 16, .threads = 1})->Serialize();
  CHECK(one == Fit(corpus, {.dimensions = 16, .threads = 2})->Serialize());
  CHECK(one == Fit(corpus, {.dimensions = 16, .threads = 7})->Serialize());
}

TEST_CASE("features read back compute the same") {
  const FeatureConfig config = WithExtras();
  const Corpus corpus = MakeCorpus(200);
  for (const FeatureSetPtr& features : {Fit(corpus, {.dimensions = 8}, config), MakeCountedFeatures(config)}) {
    const auto loaded = LoadFeatureSet(features->Serialize(), config);
    REQUIRE(loaded.ok());
    CHECK((*loaded)->version() == features->version());
    CHECK((*loaded)->kind() == features->kind());
    CHECK(SaltOf(**loaded) == SaltOf(*features));
    Sketch sketch = corpus.sketches[7];
    sketch.extras = {1, 1, 0};
    CHECK(Compute(**loaded, sketch) == Compute(*features, sketch));
    CHECK_FALSE(LoadFeatureSet(features->Serialize(), FeatureConfig()).ok());
  }
}

// A fitted set of another layout, without what this layout brought, as an earlier version would have kept it.
std::string InOlderLayout(const FeatureSet& features, char layout, size_t dimensions) {
  constexpr size_t kLayoutAt = 20, kFloatsAt = kLayoutAt + 24;
  std::string bytes = features.Serialize();
  REQUIRE(bytes[kLayoutAt] == 3);
  bytes[kLayoutAt] = layout;
  bytes.erase(kFloatsAt + 2 * sizeof(float) * dimensions, sizeof(float) * (dimensions + 1));
  const uint64_t checksum = Hash64({bytes.data(), bytes.size() - sizeof(checksum)});
  std::memcpy(bytes.data() + bytes.size() - sizeof(checksum), &checksum, sizeof(checksum));
  return bytes;
}

// What layouts 1 and 2 project to, said plainly from the bytes of a set of up to 16 dimensions.
std::vector<float> PlainProjection(const std::string& bytes, const Sketch& sketch, size_t dimensions) {
  const size_t floats_at = 44, idf_at = floats_at + 2 * sizeof(float) * dimensions;
  std::vector<float> sums(dimensions), factor(dimensions), offset(dimensions);
  std::memcpy(factor.data(), bytes.data() + floats_at, sizeof(float) * dimensions);
  std::memcpy(offset.data(), bytes.data() + floats_at + sizeof(float) * dimensions, sizeof(float) * dimensions);
  double squares = 0;
  for (const auto& [bucket, count] : sketch.counts) {
    const double tf = 1 + std::log(count), idf = static_cast<uint8_t>(bytes[idf_at + bucket]) / 16.0;
    squares += tf * idf * tf * idf;
    for (size_t k = 0; idf > 0 && k < dimensions; ++k) {
      const auto weight = static_cast<int8_t>(bytes[idf_at + kSketchBuckets + size_t{16} * bucket + k]);
      sums[k] += static_cast<float>(tf * weight);
    }
  }
  for (size_t k = 0; k < dimensions; ++k) {
    sums[k] = sums[k] / static_cast<float>(std::sqrt(squares)) * factor[k] + offset[k];
  }
  return sums;
}

TEST_CASE("sets that earlier versions fitted are read, and compute what they did") {
  const FeatureSetPtr features = Fit(MakeCorpus(60), {.dimensions = 2});
  const Sketch sketch = SketchOf("Write \"oven\" and \"flour\" and \"butter\" to him, to her, to them.\n\n\n\n");
  const auto check = [&](char layout, size_t properties) {
    const std::string old = InOlderLayout(*features, layout, 2);
    const auto loaded = LoadFeatureSet(old, {});
    REQUIRE(loaded.ok());
    CHECK((*loaded)->Serialize() == old);
    CHECK((*loaded)->version() != features->version());
    CHECK((*loaded)->DimensionName(static_cast<int>(1 + properties)) == "svd_1");
    const std::vector<float> x = Compute(**loaded, sketch), plain = PlainProjection(old, sketch, 2);
    REQUIRE(x.size() == 1 + properties + 2);
    for (size_t k = 0; k < 2; ++k) CHECK(x[1 + properties + k] == Approx(plain[k]).margin(1e-4));
    return *loaded;
  };
  const FeatureSetPtr first = check(1, 8);
  CHECK(first->DimensionName(3) == "third_person");
  const std::vector<float> x = Compute(*first, sketch), now = Compute(*features, sketch);
  CHECK(std::equal(x.begin() + 1, x.begin() + 9, sketch.properties.begin()));
  const std::vector<float> second = Compute(*check(2, kProperties), sketch);
  CHECK(std::equal(second.begin(), second.begin() + kFirstFitted, now.begin()));
  std::string newer = features->Serialize();
  newer[20] = 4;
  const uint64_t checksum = Hash64({newer.data(), newer.size() - sizeof(checksum)});
  std::memcpy(newer.data() + newer.size() - sizeof(checksum), &checksum, sizeof(checksum));
  CHECK(LoadFeatureSet(newer, {}).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("words that have nothing to do with a prompt move its projection less than in older sets") {
  const FeatureSetPtr features = Fit(MakeCorpus(600));
  const auto before = LoadFeatureSet(InOlderLayout(*features, 2, 8), {});
  REQUIRE(before.ok());
  // The words of one other topic, which agree among themselves, and fewer than the prompt's own.
  std::mt19937 random(7);
  double moved = 0, moved_before = 0;
  for (size_t i = 0; i < 60; ++i) {
    const std::string prompt = TopicText(i % 3, random);
    std::string prefix;
    for (int word = 0; word < 4; ++word) prefix += Topics()[(i + 1) % 3][random() % 10] + " ";
    const auto distance = [&](const FeatureSet& set) {
      std::vector<float> clean = Projection(set, SketchOf(prompt));
      const std::vector<float> attacked = Projection(set, SketchOf(prefix + prompt));
      for (size_t k = 0; k < clean.size(); ++k) clean[k] -= attacked[k];
      return Length(clean);
    };
    moved += distance(*features) / 60;
    moved_before += distance(**before) / 60;
  }
  CAPTURE(moved, moved_before);
  CHECK(moved < 0.9 * moved_before);
}

TEST_CASE("how often a word is repeated before a prompt soon makes no difference") {
  const FeatureSetPtr features = Fit(MakeCorpus(300));
  std::mt19937 random(3);
  const std::string prompt = TopicText(0, random);
  std::string ten, hundred;
  for (int i = 0; i < 100; ++i) (i < 10 ? ten : hundred) += "judge ";
  const auto some = Projection(*features, SketchOf(ten + prompt));
  const auto many = Projection(*features, SketchOf(hundred + prompt));
  CHECK(Cosine(some, many) > 0.99);
}

TEST_CASE("of a prompt's words a fitted set takes in what filler hardly moves, and counts saturate") {
  const FeatureSetPtr features = Fit(MakeCorpus(300));
  std::vector<std::string> names;
  for (size_t k = 1; k < kFirstFitted; ++k) names.push_back(features->DimensionName(static_cast<int>(k)));
  CHECK(names == std::vector<std::string>{"distinct_share", "starts_with_command", "quotes", "newlines",
                                          "number_option_share"});
  const std::string prompt = "Bake the dough with butter and sugar, then add cream. How is the salt?";
  std::string filler, marks;
  for (int i = 0; i < 40; ++i) filler += "international understanding she ";
  for (int i = 0; i < 40; ++i) marks += "\"\n";
  const std::vector<float> clean = Compute(*features, SketchOf(prompt));
  const std::vector<float> filled = Compute(*features, SketchOf(prompt + " " + filler));
  CHECK(std::equal(filled.begin() + 2, filled.begin() + kFirstFitted, clean.begin() + 2));
  const std::vector<float> marked = Compute(*features, SketchOf(marks + prompt));
  CHECK((marked[3] == 1 && marked[4] == 1));
}

TEST_CASE("the version changes with what Compute depends on") {
  const Corpus corpus = MakeCorpus(200);
  const uint64_t version = Fit(corpus)->version();
  CHECK(version == Fit(corpus)->version());
  CHECK(version != Fit(MakeCorpus(200, 6))->version());
  CHECK(version != Fit(corpus, {.dimensions = 8}, WithExtras())->version());
  CHECK(version != Fit(corpus, {.dimensions = 9})->version());
  CHECK(MakeCountedFeatures({})->version() != MakeCountedFeatures(WithExtras())->version());
  FeatureConfig scaled = WithExtras();
  scaled.numeric[0].scale = 2;
  CHECK(MakeCountedFeatures(scaled)->version() != MakeCountedFeatures(WithExtras())->version());
}

TEST_CASE("damaged feature files are refused") {
  const std::string good = Fit(MakeCorpus(60), {.dimensions = 2})->Serialize();
  const auto refused = [](const std::string& bytes) {
    return LoadFeatureSet(bytes, {}).status().code() == absl::StatusCode::kInvalidArgument;
  };
  for (size_t size = 0; size < 100; ++size) CHECK(refused(good.substr(0, size)));
  CHECK(refused(good.substr(0, good.size() - 1)));
  CHECK(refused(good + '\0'));
  for (size_t i = 0; i < good.size(); i += i < 100 ? 1 : 9973) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    CHECK(refused(bad));
  }
  CHECK(refused(""));
}

TEST_CASE("every feature is finite and within its bounds, whatever the prompt") {
  const FeatureSetPtr svd = Fit(MakeCorpus(300)), counted = MakeCountedFeatures({});
  std::string binary;
  for (int i = 0; i < 100000; ++i) binary.push_back(static_cast<char>(i * 7919 >> 3));
  for (const std::string& text : {std::string(), std::string(1 << 20, 'a'), binary, std::string("\xC3\x28\xFF"),
                                  std::string("unseen vocabulary entirely"), std::string("oven oven oven oven")}) {
    for (const FeatureSetPtr& features : {svd, counted}) {
      const auto x = Compute(*features, SketchOf(text));
      CHECK(x[0] == 1);
      CHECK(std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v) && std::fabs(v) <= 5; }));
    }
  }
  Sketch hostile;
  hostile.properties[0] = 1e30F;
  hostile.extras = {std::numeric_limits<float>::quiet_NaN(), -1e9F};
  const auto x = Compute(*MakeCountedFeatures(WithExtras()), hostile);
  CHECK(std::vector<float>(x.begin(), x.begin() + 5) == std::vector<float>{1, 0, -5, 0, 5});
}

TEST_CASE("a fit needs enough prompts that have something in common") {
  SvdFitter few({}, {.dimensions = 8});
  for (const Sketch& sketch : MakeCorpus(15).sketches) few.Add(sketch);
  CHECK(few.Fit().status().code() == absl::StatusCode::kFailedPrecondition);
  SvdFitter nothing_shared({}, {.dimensions = 2});
  for (uint64_t i = 0; i < 20; ++i) nothing_shared.Add(SketchOf("alone", i));
  CHECK_FALSE(nothing_shared.Fit().ok());
  SvdFitter empty({}, {.dimensions = 2});
  for (int i = 0; i < 20; ++i) empty.Add(Sketch());
  CHECK_FALSE(empty.Fit().ok());
  CHECK_FALSE(SvdFitter({}, {.dimensions = 0}).Fit().ok());
  CHECK_FALSE(SvdFitter({}, {.dimensions = 100000}).Fit().ok());
}

TEST_CASE("data of a smaller rank gives fewer dimensions") {
  SvdFitter fitter({}, {.dimensions = 8});
  for (int i = 0; i < 40; ++i) fitter.Add(SketchOf(i % 2 == 0 ? "bread and butter" : "judge nor jury"));
  const auto features = fitter.Fit();
  REQUIRE(features.ok());
  CHECK((*features)->dimensions() == static_cast<int>(kFirstFitted) + 2);
}

TEST_CASE("of more prompts than it may keep, the fitter uses a sample of all") {
  // Topic by topic: a fitter that kept only the first or the last would know one of them alone.
  const Corpus corpus = MakeCorpus(2000);
  SvdFitter fitter({}, {.dimensions = 4, .max_prompts = 100});
  for (size_t topic = 0; topic < 3; ++topic) {
    for (size_t i = topic; i < corpus.sketches.size(); i += 3) fitter.Add(corpus.sketches[i]);
  }
  CHECK(fitter.added() == 2000);
  std::vector<double> progress;
  const auto features = fitter.Fit([&](double done) { progress.push_back(done); });
  REQUIRE(features.ok());
  CHECK(std::is_sorted(progress.begin(), progress.end()));
  CHECK(progress.back() == Approx(1));
  const std::vector<float> unknown = Projection(**features, SketchOf("zzz"));
  for (const char* word : {"oven flour butter", "court judge contract", "planet orbit star"}) {
    CHECK(Projection(**features, SketchOf(word)) != unknown);
  }
}

}  // namespace suffice
