#include "evaluation/replay_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

absl::Status Expected(std::string_view key, std::string_view what, std::string_view got) {
  return InvalidField(std::string(key), fmt::format("expected {}, got \"{}\"", what, got));
}

template <typename Number>
bool ReadNumber(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

absl::Status ReadFactor(std::string_view key, std::string_view text, double& value) {
  if (ReadNumber(text, value) && std::isfinite(value) && value >= 0) return absl::OkStatus();
  return Expected(key, "a factor >= 0", text);
}

absl::Status ReadKey(std::string_view key, std::string_view value, ReplayEvent& event) {
  if (key == "at") {
    if (ReadNumber(value, event.at) && event.at >= 0) return absl::OkStatus();
    return Expected(key, "a number of decisions >= 0", value);
  }
  if (key == "tier") {
    event.tier = std::string(value);
    return value.empty() ? Expected(key, "a tier's name", value) : absl::OkStatus();
  }
  if (key == "quality") return ReadFactor(key, value, event.quality);
  if (key == "cost") return ReadFactor(key, value, event.cost);
  if (key == "price") return ReadFactor(key, value, event.price);
  if (key == "warmup") {
    event.warmup = value == "true";
    return value == "true" || value == "false" ? absl::OkStatus() : Expected(key, "true or false", value);
  }
  return InvalidField(std::string(key), "unknown; expected at, tier, quality, cost, price or warmup");
}

void Multiply(const ReplayEvent& event, TierFactors& factors) {
  factors.quality *= event.quality;
  factors.cost *= event.cost * event.price;
  factors.price *= event.price;
}

template <typename Applies>
std::vector<TierFactors> Factors(const std::vector<ReplayEvent>& events, const Config& config, Applies applies) {
  std::vector<TierFactors> factors(config.tiers.size());
  for (const ReplayEvent& event : events) {
    if (applies(event)) Multiply(event, factors[static_cast<size_t>(config.TierIndex(event.tier))]);
  }
  return factors;
}

void Scale(double factor, Price& price) {
  price.input_usd_per_mtok *= factor;
  price.output_usd_per_mtok *= factor;
  if (price.cached_input_usd_per_mtok) *price.cached_input_usd_per_mtok *= factor;
  if (price.reasoning_usd_per_mtok) *price.reasoning_usd_per_mtok *= factor;
}

}  // namespace

absl::StatusOr<ReplayEvent> ParseReplayEvent(std::string_view text) {
  ReplayEvent event;
  std::set<std::string, std::less<>> seen;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return Expected("event", "key=value pairs, separated by commas", text);
    const std::string_view key = part.substr(0, equals);
    if (!seen.emplace(key).second) return InvalidField(std::string(key), "stands twice");
    SUFFICE_RETURN_IF_ERROR(ReadKey(key, part.substr(equals + 1), event));
    begin = end + 1;
  }
  for (const char* key : {"at", "tier"}) {
    if (!seen.contains(key)) return InvalidField(key, "missing");
  }
  if (!seen.contains("quality") && !seen.contains("cost") && !seen.contains("price")) {
    return Expected("event", "quality, cost or price", text);
  }
  return event;
}

absl::Status CheckReplayEvents(const std::vector<ReplayEvent>& events, const Config& config, int64_t decisions) {
  for (const ReplayEvent& event : events) {
    if (config.TierIndex(event.tier) < 0) {
      return InvalidField("event.tier", fmt::format("unknown tier \"{}\"", event.tier));
    }
    if (event.at >= decisions) {
      return InvalidField("event.at", fmt::format("expected less than the {} decisions of the traffic, got {}",
                                                  decisions, event.at));
    }
  }
  return absl::OkStatus();
}

double TierFactors::QualityOf(double quality_then) const { return std::clamp(quality_then * quality, 0.0, 1.0); }

std::vector<TierFactors> FactorsAt(const std::vector<ReplayEvent>& events, const Config& config, int64_t decisions) {
  return Factors(events, config, [decisions](const ReplayEvent& event) { return event.at <= decisions; });
}

std::vector<TierFactors> WarmupFactors(const std::vector<ReplayEvent>& events, const Config& config) {
  return Factors(events, config, [](const ReplayEvent& event) { return event.warmup; });
}

Config WithPrices(const Config& config, const std::vector<TierFactors>& factors) {
  Config changed = config;
  for (size_t k = 0; k < changed.tiers.size(); ++k) {
    Scale(factors[k].price, changed.tiers[k].price);
    for (PriceChange& change : changed.tiers[k].price_changes) Scale(factors[k].price, change.price);
  }
  return changed;
}

}  // namespace suffice
