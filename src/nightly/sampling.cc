#include "nightly/sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <tuple>

#include "base/hash.h"
#include "base/status_macros.h"
#include "evaluation/traffic.h"
#include "features/sketch.h"
#include "log/json_line.h"
#include "nightly/strata.h"

namespace suffice {
namespace {

constexpr int kThirds = 3;
constexpr std::array<double, kThirds> kThirdWeights = {2, 1.5, 1};
constexpr std::array<const char*, kThirds> kThirdNames = {"uncertain", "middling", "certain"};
// Groups of tier and tenant that are told apart; what comes after them shares one.
constexpr size_t kMaxGroups = 4096;

using Group = std::pair<std::string, std::string>;  // tier, tenant
using Histogram = std::array<int64_t, kCertaintyBins>;

// The first look at the traffic: how many decisions there are of which kind.
struct Census {
  std::map<Group, Histogram> groups;
  int64_t population = 0, without_prompt = 0;

  Group GroupOf(const DecisionRecord& decision) const {
    Group group{decision.tier, decision.tenant};
    if (groups.size() < kMaxGroups || groups.contains(group)) return group;
    return {"", ""};
  }
  void Add(const DecisionRecord& decision) {
    const auto [entry, is_new] = groups.try_emplace(GroupOf(decision));
    if (is_new) entry->second.fill(0);
    ++entry->second[static_cast<size_t>(CertaintyBin(CertaintyOf(decision)))];
    ++population;
  }
  // First bins of the second and the last third, over all groups.
  std::array<int, kThirds - 1> Cuts() const {
    std::array<int, kThirds - 1> cuts{kCertaintyBins, kCertaintyBins};
    int64_t below = 0;
    size_t third = 0;
    for (int bin = 0; bin < kCertaintyBins && third < cuts.size(); ++bin) {
      for (const auto& [group, histogram] : groups) below += histogram[static_cast<size_t>(bin)];
      while (third < cuts.size() && below * kThirds >= static_cast<int64_t>(third + 1) * population) {
        cuts[third++] = bin + 1;
      }
    }
    return cuts;
  }
};

using StratumKey = std::tuple<std::string, std::string, int>;  // tier, tenant, third

// Which stratum a decision belongs to, and how coarse they are.
class Stratification {
 public:
  // As fine as leaves two prompts a stratum.
  Stratification(const Census& census, int64_t sample) : census_(census), cuts_(census.Cuts()) {
    for (detail_ = 0; detail_ < kCoarsest; ++detail_) {
      Count();
      if (std::ssize(sizes_) * 2 <= sample) return;
    }
    Count();
  }

  StratumKey KeyOf(const DecisionRecord& decision) const {
    return Coarse(census_.GroupOf(decision), ThirdOf(CertaintyBin(CertaintyOf(decision))));
  }
  const std::map<StratumKey, int64_t>& sizes() const { return sizes_; }

 private:
  // 0: tier, tenant, third. 1: tier, third. 2: tier. 3: one stratum.
  static constexpr int kCoarsest = 3;

  void Count() {
    sizes_.clear();
    for (const auto& [group, histogram] : census_.groups) {
      for (int bin = 0; bin < kCertaintyBins; ++bin) {
        const int64_t count = histogram[static_cast<size_t>(bin)];
        if (count > 0) sizes_[Coarse(group, ThirdOf(bin))] += count;
      }
    }
  }
  int ThirdOf(int bin) const { return bin < cuts_[0] ? 0 : bin < cuts_[1] ? 1 : 2; }
  StratumKey Coarse(const Group& group, int third) const {
    switch (detail_) {
      case 0:
        return {group.first, group.second, third};
      case 1:
        return {group.first, "", third};
      case 2:
        return {group.first, "", 0};
      default:
        return {"", "", 0};
    }
  }

  const Census& census_;
  const std::array<int, kThirds - 1> cuts_;
  int detail_ = 0;
  std::map<StratumKey, int64_t> sizes_;
};

std::string StratumName(const StratumKey& key) {
  const auto& [tier, tenant, third] = key;
  std::string name = tier.empty() ? "all" : tier;
  if (!tenant.empty()) name += "/" + tenant;
  return name + "/" + kThirdNames[static_cast<size_t>(third)];
}

// Keeps the samples of the smallest hashes.
class SmallestHashes {
 public:
  explicit SmallestHashes(int64_t capacity) : capacity_(static_cast<size_t>(capacity)) {}

  bool Wants(uint64_t hash, int64_t seq) const {
    return heap_.size() < capacity_ || (!heap_.empty() && std::pair(hash, seq) < heap_.top().place);
  }
  void Add(uint64_t hash, int64_t seq, NightlySample sample) {
    heap_.push({{hash, seq}, std::move(sample)});
    if (heap_.size() > capacity_) heap_.pop();
  }
  // Moves all out, smallest hash first.
  void MoveTo(std::vector<std::pair<int64_t, NightlySample>>& samples) {
    std::vector<std::pair<int64_t, NightlySample>> taken;
    for (; !heap_.empty(); heap_.pop()) taken.emplace_back(heap_.top().place.second, heap_.top().sample);
    samples.insert(samples.end(), taken.rbegin(), taken.rend());
  }
  size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    std::pair<uint64_t, int64_t> place;
    NightlySample sample;
    bool operator<(const Entry& other) const { return place < other.place; }
  };
  size_t capacity_;
  std::priority_queue<Entry> heap_;  // the largest hash on top
};

// Calls `visit` for the decisions of the window that a policy or a caller made. The second half of the progress starts
// at `progress_from`.
absl::Status ScanWindow(EventLog& log, const SampleOptions& options, double progress_from,
                        const std::function<void(const DecisionRecord&)>& visit) {
  const auto window = static_cast<double>(std::max<int64_t>(1, options.end_seq - options.after_seq));
  return log.ScanDecisions(options.after_seq, options.end_seq - options.after_seq, [&](const DecisionRecord& decision) {
    if (decision.seq > options.end_seq) return false;
    if (options.progress && decision.seq % 256 == 0) {
      options.progress(progress_from + 0.5 * static_cast<double>(decision.seq - options.after_seq) / window);
    }
    if (decision.origin != DecisionOrigin::kEval) visit(decision);
    return true;
  });
}

absl::Status NoPrompts(const Census& census) {
  if (census.without_prompt == 0) {
    return absl::FailedPreconditionError("the log has no decisions to draw from since the last run");
  }
  return absl::FailedPreconditionError(
      fmt::format("none of the log's {} decisions has its prompt: either set log.prompts to full, so that the server "
                  "stores prompts from then on, or give a file of prompts with --prompts FILE.jsonl",
                  census.without_prompt));
}

NightlySample SampleOf(const DecisionRecord& decision) {
  NightlySample sample{.id = decision.id.ToString(),
                       .prompt = *decision.prompt,
                       .tenant = decision.tenant,
                       .from_log = true,
                       .keep_probability = decision.keep_probability,
                       .sketch = decision.sketch,
                       .input_tokens_estimate = decision.input_tokens_estimate,
                       .served_tier = decision.tier};
  for (const TierView& view : decision.tiers) sample.propensities.emplace_back(view.tier, view.propensity);
  return sample;
}

struct Stratum {
  int64_t size = 0;
  SmallestHashes drawn;
};

// In the log's order, numbered.
void TakeAll(std::map<StratumKey, Stratum>& strata, std::vector<NightlySample>& samples) {
  std::vector<std::pair<int64_t, NightlySample>> all;
  for (auto& [key, stratum] : strata) {
    const double probability = static_cast<double>(stratum.drawn.size()) / static_cast<double>(stratum.size);
    const size_t first = all.size();
    stratum.drawn.MoveTo(all);
    for (size_t i = first; i < all.size(); ++i) {
      all[i].second.probability = probability;
      all[i].second.stratum = StratumName(key);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [seq, sample] : all) {
    samples.push_back(std::move(sample));
    samples.back().number = std::ssize(samples);
  }
}

std::map<StratumKey, Stratum> Allocate(const Stratification& stratification, int64_t sample) {
  std::vector<StratumSize> sizes;
  for (const auto& [key, size] : stratification.sizes()) {
    sizes.push_back({size, kThirdWeights[static_cast<size_t>(std::get<2>(key))]});
  }
  const std::vector<int64_t> counts = AllocateSample(sizes, std::max<int64_t>(sample, std::ssize(sizes)));
  std::map<StratumKey, Stratum> strata;
  size_t h = 0;
  for (const auto& [key, size] : stratification.sizes()) {
    strata.emplace(key, Stratum{.size = size, .drawn = SmallestHashes(counts[h++])});
  }
  return strata;
}

// A line of the file of prompts. "prompt: ..." errors, without file and line.
absl::StatusOr<NightlySample> ReadPromptLine(const std::string& line, int64_t number) {
  SUFFICE_ASSIGN_OR_RETURN(const nlohmann::ordered_json row, ParseJsonLine(line));
  if (!row.is_object()) return absl::InvalidArgumentError("expected a JSON object with a string \"prompt\"");
  NightlySample sample;
  const std::pair<const char*, std::string*> fields[] = {
      {"prompt", &sample.prompt}, {"id", &sample.id}, {"reference", &sample.reference}, {"tenant", &sample.tenant}};
  for (const auto& [key, target] : fields) {
    if (!row.contains(key)) continue;
    if (!row.at(key).is_string()) {
      return absl::InvalidArgumentError(fmt::format("{}: expected a string, got {}", key, ShortJson(row.at(key))));
    }
    *target = row.at(key).get<std::string>();
  }
  if (sample.prompt.empty()) return absl::InvalidArgumentError("prompt: expected a string that is not empty");
  if (sample.id.empty()) sample.id = fmt::format("line-{}", number);
  return sample;
}

// Fills in what the features are computed from.
absl::Status Prepare(const FeatureConfig& features, uint64_t salt, NightlySample& sample) {
  Sketch sketch;
  SketchText(sample.prompt, salt, sketch);
  SUFFICE_ASSIGN_OR_RETURN(sketch.extras, EncodeExtras(RouteRequest{.prompt = sample.prompt}, features));
  sample.sketch = sketch.Encode();
  sample.input_tokens_estimate = EstimateTokens(sample.prompt);
  return absl::OkStatus();
}

absl::Status ForEachPromptLine(const std::string& path,
                               const std::function<absl::Status(int64_t, const std::string&)>& visit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("{}: cannot be opened", path));
  std::string line;
  for (int64_t number = 1;; ++number) {
    const LineRead read = ReadBoundedLine(in, kMaxTrafficLineBytes, line);
    if (read == LineRead::kEnd) return absl::OkStatus();
    absl::Status status = absl::OkStatus();
    if (read == LineRead::kTooLong) {
      status = absl::InvalidArgumentError(fmt::format("expected a line of at most {} bytes", kMaxTrafficLineBytes));
    } else if (line.find_first_not_of(" \t") != std::string::npos) {
      status = visit(number, line);
    }
    if (!status.ok())
      return absl::Status(status.code(), fmt::format("{}:{}: {}", path, number, std::string(status.message())));
  }
}

}  // namespace

absl::StatusOr<DrawnSample> SampleLog(EventLog& log, const SampleOptions& options) {
  Census census;
  SUFFICE_RETURN_IF_ERROR(ScanWindow(log, options, 0, [&](const DecisionRecord& decision) {
    decision.prompt.has_value() ? census.Add(decision) : void(++census.without_prompt);
  }));
  if (census.population == 0) return NoPrompts(census);
  const Stratification stratification(census, options.sample);
  std::map<StratumKey, Stratum> strata = Allocate(stratification, options.sample);
  SUFFICE_RETURN_IF_ERROR(ScanWindow(log, options, 0.5, [&](const DecisionRecord& decision) {
    if (!decision.prompt) return;
    const auto found = strata.find(stratification.KeyOf(decision));
    const uint64_t hash = Hash64(decision.id.Raw(), options.seed);
    if (found != strata.end() && found->second.drawn.Wants(hash, decision.seq)) {
      found->second.drawn.Add(hash, decision.seq, SampleOf(decision));
    }
  }));
  DrawnSample drawn{.population = census.population, .without_prompt = census.without_prompt};
  TakeAll(strata, drawn.samples);
  drawn.summary =
      fmt::format("{} of {} decisions, in {} strata", drawn.samples.size(), drawn.population, strata.size());
  if (drawn.without_prompt > 0)
    drawn.summary += fmt::format("; {} without a stored prompt left out", drawn.without_prompt);
  return drawn;
}

absl::StatusOr<DrawnSample> SamplePromptFile(const std::string& path, const FeatureConfig& features, uint64_t salt,
                                             const SampleOptions& options) {
  DrawnSample drawn;
  SmallestHashes smallest(options.sample);
  SUFFICE_RETURN_IF_ERROR(ForEachPromptLine(path, [&](int64_t number, const std::string& line) -> absl::Status {
    SUFFICE_ASSIGN_OR_RETURN(NightlySample sample, ReadPromptLine(line, number));
    ++drawn.population;
    const uint64_t hash = Hash64(sample.id, options.seed);
    if (smallest.Wants(hash, number)) smallest.Add(hash, number, std::move(sample));
    return absl::OkStatus();
  }));
  if (drawn.population == 0) return absl::InvalidArgumentError(fmt::format("{}: expected at least one prompt", path));
  std::vector<std::pair<int64_t, NightlySample>> taken;
  smallest.MoveTo(taken);
  std::sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::set<std::string> ids;
  for (auto& [line, sample] : taken) {
    if (!ids.insert(sample.id).second) {
      return absl::InvalidArgumentError(
          fmt::format("{}:{}: id: \"{}\" stands twice in the file", path, line, sample.id));
    }
    SUFFICE_RETURN_IF_ERROR(Prepare(features, salt, sample));
    sample.probability = static_cast<double>(taken.size()) / static_cast<double>(drawn.population);
    sample.stratum = "all";
    drawn.samples.push_back(std::move(sample));
    drawn.samples.back().number = std::ssize(drawn.samples);
  }
  drawn.summary = fmt::format("{} of {} prompts of {}", drawn.samples.size(), drawn.population, path);
  return drawn;
}

}  // namespace suffice
