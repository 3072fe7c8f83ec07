#include "stats/sender_sums.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr uint32_t kMaxDimensions = 1 << 12;  // of sums that are read; guards against damaged bytes

Eigen::VectorXd Wide(std::span<const float> x) {
  return Eigen::Map<const Eigen::VectorXf>(x.data(), static_cast<Eigen::Index>(x.size())).cast<double>();
}

double WeightOf(std::span<const double> weights, int sender) {
  return static_cast<size_t>(sender) < weights.size() ? weights[static_cast<size_t>(sender)] : 1;
}

}  // namespace

void SenderSums::Add(SumPlace place, int sender, std::span<const float> x, double share, double predicted,
                     double residual) {
  assert(static_cast<int>(x.size()) == dimensions_);
  Residuals& sums = places_[place][sender];
  if (sums.b.size() == 0) sums.b = Eigen::VectorXd::Zero(dimensions_);
  sums.b += (share * residual) * Wide(x);
  sums.n += share;
  sums.crossed += share * 2 * predicted * residual;
  sums.squares += share * residual * residual;
}

void SenderSums::Move(int from, int to) {
  for (auto& [place, senders] : places_) {
    const auto moved = senders.find(from);
    if (moved == senders.end()) continue;
    const Residuals sums = std::move(moved->second);
    senders.erase(moved);
    Residuals& into = senders[to];
    if (into.b.size() == 0) into.b = Eigen::VectorXd::Zero(dimensions_);
    into.b += sums.b;
    into.n += sums.n;
    into.crossed += sums.crossed;
    into.squares += sums.squares;
  }
}

void SenderSums::Keep(const std::map<SumPlace, double>& kept) {
  std::erase_if(places_, [&](const auto& place) { return !kept.contains(place.first); });
}

std::vector<double> SenderSums::Counts(const std::map<SumPlace, double>& discounts) const {
  std::vector<double> counts;
  for (const auto& [place, senders] : places_) {
    const auto discount = discounts.find(place);
    if (discount == discounts.end()) continue;
    for (const auto& [sender, sums] : senders) {
      const auto index = static_cast<size_t>(sender);
      if (counts.size() <= index) counts.resize(index + 1);
      counts[index] += discount->second * sums.n;
    }
  }
  return counts;
}

SenderSums::Change SenderSums::Weighted(const std::map<SumPlace, double>& discounts,
                                        std::span<const double> weights) const {
  Change change{.b = Eigen::VectorXd::Zero(dimensions_)};
  for (const auto& [place, senders] : places_) {
    const auto discount = discounts.find(place);
    if (discount == discounts.end()) continue;
    for (const auto& [sender, sums] : senders) {
      const double w = WeightOf(weights, sender);
      if (w == 1) continue;
      change.b -= (discount->second * (1 - w)) * sums.b;
      change.yy -= discount->second * ((1 - w) * sums.crossed + (1 - w * w) * sums.squares);
    }
  }
  return change;
}

void SenderSums::AppendTo(std::string& bytes) const {
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(dimensions_));
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(places_.size()));
  for (const auto& [place, senders] : places_) {
    AppendValue(bytes, place.first);
    AppendValue(bytes, place.second);
    AppendValue<uint32_t>(bytes, static_cast<uint32_t>(senders.size()));
    for (const auto& [sender, sums] : senders) {
      AppendValue<int32_t>(bytes, sender);
      for (const double value : {sums.n, sums.crossed, sums.squares}) AppendValue(bytes, value);
      bytes.append(reinterpret_cast<const char*>(sums.b.data()), static_cast<size_t>(sums.b.size()) * sizeof(double));
    }
  }
}

absl::StatusOr<SenderSums> SenderSums::Read(std::string_view& bytes) {
  const auto malformed = [] { return absl::InvalidArgumentError("sender sums: malformed bytes"); };
  const auto dimensions = ReadValue<uint32_t>(bytes), places = ReadValue<uint32_t>(bytes);
  if (!dimensions || *dimensions > kMaxDimensions || !places) return malformed();
  SenderSums result(static_cast<int>(*dimensions));
  for (uint32_t i = 0; i < *places; ++i) {
    const auto epoch = ReadValue<int64_t>(bytes), bucket = ReadValue<int64_t>(bytes);
    const auto senders = ReadValue<uint32_t>(bytes);
    if (!epoch || !bucket || !senders) return malformed();
    auto& at_place = result.places_[{*epoch, *bucket}];
    for (uint32_t k = 0; k < *senders; ++k) {
      const auto sender = ReadValue<int32_t>(bytes);
      if (!sender || *sender < 0) return malformed();
      Residuals sums{.b = Eigen::VectorXd::Zero(result.dimensions_)};
      for (double* value : {&sums.n, &sums.crossed, &sums.squares}) {
        const auto read = ReadValue<double>(bytes);
        if (!read || !std::isfinite(*read)) return malformed();
        *value = *read;
      }
      for (double& value : sums.b) {
        const auto read = ReadValue<double>(bytes);
        if (!read || !std::isfinite(*read)) return malformed();
        value = *read;
      }
      at_place.insert_or_assign(*sender, std::move(sums));
    }
  }
  return result;
}

std::vector<double> BoundShares(std::span<const double> counts, std::vector<double> weights, double max_share,
                                double free) {
  if (max_share >= 1) return weights;
  weights.resize(std::max(weights.size(), counts.size()), 1);
  std::vector<size_t> senders;  // that have told something, those that count for most first
  double rest = 0;              // what those count for that are not bounded
  const auto effective = [&](size_t sender) { return weights[sender] * counts[sender]; };
  for (size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] <= 0) continue;
    senders.push_back(s);
    rest += effective(s);
  }
  if (senders.size() < 2) return weights;
  std::sort(senders.begin(), senders.end(), [&](size_t a, size_t b) { return effective(a) > effective(b); });
  const double share = std::max(max_share, 1 / static_cast<double>(senders.size()));
  double bound = 0;
  size_t bounded = 0;
  for (const size_t s : senders) {
    if (s == 0) continue;
    if (share * static_cast<double>(bounded + 1) > 1 - 1e-9) break;  // all others have their share
    const double others = rest - effective(s);
    const double at_most = share * others / (1 - share * static_cast<double>(bounded + 1));
    if (effective(s) <= std::max(free, at_most)) break;
    bound = std::max(free, at_most);
    rest = others;
    ++bounded;
  }
  for (size_t s = 1; s < counts.size(); ++s) {
    if (bounded > 0 && effective(s) > bound) weights[s] = bound / counts[s];
  }
  return weights;
}

}  // namespace suffice
