#include "evaluation/example_traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>
#include <tuple>

#include "evaluation/example_prompts.h"
#include "evaluation/random_stream.h"

namespace suffice {
namespace {

// First parts of the keys of the streams.
enum Stream : uint64_t { kOrder, kDocument, kRow, kCall };

struct TierNature {
  const char* name;
  Price price;
  double best, worst;        // quality at no difficulty and at any
  double verbosity;          // output tokens against a medium tier's
  double first_token_ms;     // median time to first token of a short prompt
  double tokens_per_second;  // median speed after it
};

constexpr std::array<TierNature, kExampleTierCount> kTiers{{
    {"small", {0.1, 0.4}, 0.93, 0.25, 0.9, 180, 160},
    {"medium", {0.5, 2.0}, 0.95, 0.30, 1.0, 420, 90},
    {"large", {3.0, 15.0}, 0.97, 0.40, 1.5, 900, 60},
}};

constexpr std::array<std::string_view, 12> kOpenings{"",
                                                     "Please help: ",
                                                     "Quick one. ",
                                                     "Hello! ",
                                                     "For work: ",
                                                     "I need this today. ",
                                                     "Could you look at this? ",
                                                     "Asking for a friend. ",
                                                     "Next question. ",
                                                     "One more thing: ",
                                                     "Hi, me again. ",
                                                     "Not sure where to ask, so: "};

struct Closing {
  std::string_view text;
  double length;      // factor on output tokens
  double difficulty;  // added
};

constexpr std::array<Closing, 12> kClosings{{{"", 1.0, 0},
                                             {" Answer briefly.", 0.5, 0},
                                             {" One sentence is enough.", 0.3, 0},
                                             {" Explain step by step.", 1.9, 0.02},
                                             {" Think carefully and check your result.", 1.7, 0.04},
                                             {" Answer in plain English.", 1.0, 0},
                                             {" Use a table if it helps.", 1.2, 0.02},
                                             {" No preamble.", 0.8, 0},
                                             {" Give an example as well.", 1.5, 0.02},
                                             {" Reply as JSON with the key answer.", 0.7, 0.03},
                                             {" List your assumptions.", 1.4, 0.04},
                                             {" Keep it friendly.", 1.1, 0}}};

// A row's ingredients, from its number: a walk through all combinations that meets each once before any again.
struct Recipe {
  size_t kind = 0, prompt = 0, opening = 0, closing = 0;
  int64_t round = 0;
};

class Recipes {
 public:
  explicit Recipes(uint64_t seed) {
    const auto& kinds = ExamplePromptKinds();
    for (size_t k = 0; k < kinds.size(); ++k) {
      for (size_t p = 0; p < kinds[k].prompts.size(); ++p) prompts_.emplace_back(k, p);
    }
    total_ = prompts_.size() * kOpenings.size() * kClosings.size();
    RandomStream random(seed, {kOrder});
    start_ = random.Below(total_);
    // Steps near the golden section of the whole spread neighbours over all kinds.
    stride_ = static_cast<size_t>(0.618 * static_cast<double>(total_)) + random.Below(1000);
    while (std::gcd(stride_, total_) != 1) ++stride_;
  }

  Recipe At(int64_t row) const {
    const auto i = static_cast<uint64_t>(row);
    uint64_t code = (start_ + (i % total_) * stride_) % total_;
    Recipe recipe;
    recipe.round = static_cast<int64_t>(i / total_);
    recipe.opening = code % kOpenings.size();
    code /= kOpenings.size();
    recipe.closing = code % kClosings.size();
    code /= kClosings.size();
    std::tie(recipe.kind, recipe.prompt) = prompts_[code];
    return recipe;
  }

 private:
  std::vector<std::pair<size_t, size_t>> prompts_;
  uint64_t total_ = 0, start_ = 0, stride_ = 0;
};

std::string MakeDocument(RandomStream random) {
  const auto& sentences = ExampleDocumentSentences();
  std::vector<size_t> order(sentences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const size_t count = 6 + random.Below(sentences.size() - 6);
  std::string text = "Document:\n";
  for (size_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + random.Below(order.size() - i)]);
    if (i > 0) text += i % 5 == 0 ? "\n" : " ";
    text += sentences[order[i]];
  }
  text += "\n\n";
  return text;
}

std::string MakePrompt(const Recipe& recipe, RandomStream document) {
  const PromptKind& kind = ExamplePromptKinds()[recipe.kind];
  std::string text = kind.has_document ? MakeDocument(document) : "";
  text += kOpenings[recipe.opening];
  text += kind.prompts[recipe.prompt].text;
  text += kClosings[recipe.closing].text;
  if (recipe.round > 0) text += fmt::format(" (Case {}.)", recipe.round + 1);
  return text;
}

double RoundTo(double value, double unit) { return std::round(value * unit) / unit; }

// One tier's answer. `luck` is shared by the tiers: some prompts are harder than they look, for everyone.
TrafficTier MakeCall(size_t tier, size_t kind, double difficulty, double length, double luck, int64_t input_tokens,
                     RandomStream random) {
  const TierNature& nature = kTiers[tier];
  TrafficTier call;
  const double quality = ExampleQuality(tier, kind, difficulty) + luck + 0.06 * random.Normal();
  call.quality = RoundTo(std::clamp(quality, 0.0, 1.0), 1000);
  const double usual_output = ExamplePromptKinds()[kind].output_tokens * (0.6 + 0.8 * difficulty);
  const double mean_output = usual_output * length * nature.verbosity;
  const double output = std::max(1.0, std::round(mean_output * std::exp(0.3 * random.Normal())));
  call.input_tokens = input_tokens;
  call.output_tokens = static_cast<int64_t>(output);
  const double input = static_cast<double>(input_tokens);
  call.cost_usd = (nature.price.input_usd_per_mtok * input + nature.price.output_usd_per_mtok * output) * 1e-6;
  const double first_token = (nature.first_token_ms + 0.1 * input) * std::exp(0.25 * random.Normal());
  const double rest = 1000 * output / nature.tokens_per_second * std::exp(0.15 * random.Normal());
  call.ttft_ms = RoundTo(first_token, 10);
  call.latency_ms = RoundTo(first_token + rest, 10);
  return call;
}

TrafficRow MakeRow(uint64_t seed, int64_t number, const Recipe& recipe) {
  const auto key = static_cast<uint64_t>(number);
  const PromptKind& kind = ExamplePromptKinds()[recipe.kind];
  const Closing& closing = kClosings[recipe.closing];
  TrafficRow row;
  row.id = fmt::format("example-{}-{}", seed, number + 1);
  row.source = kind.name;
  row.prompt = MakePrompt(recipe, RandomStream(seed, {kDocument, key}));
  const double difficulty = std::min(1.0, kind.prompts[recipe.prompt].difficulty + closing.difficulty);
  const double luck = 0.05 * RandomStream(seed, {kRow, key}).Normal();
  const auto input_tokens = static_cast<int64_t>(row.prompt.size() / 4 + 8);  // four bytes a token, and a chat's frame
  for (size_t tier = 0; tier < kTiers.size(); ++tier) {
    row.tiers.push_back(MakeCall(tier, recipe.kind, difficulty, closing.length, luck, input_tokens,
                                 RandomStream(seed, {kCall, key, tier})));
  }
  return row;
}

}  // namespace

std::vector<Tier> ExampleTiers() {
  std::vector<Tier> tiers;
  for (const TierNature& nature : kTiers) {
    Tier tier;
    tier.name = nature.name;
    tier.model = fmt::format("example-{}", nature.name);
    tier.price = nature.price;
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

double ExampleQuality(size_t tier, size_t kind, double difficulty) {
  constexpr double kSteepness = 8;
  const double ability = ExamplePromptKinds()[kind].ability[tier];
  const double share = 1 / (1 + std::exp(kSteepness * (difficulty - ability)));
  return kTiers[tier].worst + (kTiers[tier].best - kTiers[tier].worst) * share;
}

Traffic ExampleTraffic(uint64_t seed, int64_t rows) {
  Traffic traffic;
  for (const TierNature& nature : kTiers) traffic.tier_names.emplace_back(nature.name);
  const Recipes recipes(seed);
  traffic.rows.reserve(static_cast<size_t>(std::max<int64_t>(rows, 0)));
  for (int64_t i = 0; i < rows; ++i) traffic.rows.push_back(MakeRow(seed, i, recipes.At(i)));
  return traffic;
}

}  // namespace suffice
