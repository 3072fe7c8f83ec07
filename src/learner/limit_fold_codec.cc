// LimitFold to and from bytes, declared in limit_fold.h.
#include <cmath>

#include "base/status_macros.h"
#include "learner/limit_fold.h"
#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr uint64_t kFormat = 0x31444c4f464d494cULL;  // "LIMFOLD1"
constexpr uint32_t kMostBytes = 1 << 20;             // of one text or vector

void Put(std::string& bytes, std::string_view text) {
  AppendValue(bytes, static_cast<uint32_t>(text.size()));
  bytes += text;
}

void Put(std::string& bytes, const std::vector<float>& x) {
  AppendValue(bytes, static_cast<uint32_t>(x.size()));
  for (const float value : x) AppendValue(bytes, value);
}

void Put(std::string& bytes, const LimitDebt& debt) {
  for (const double value : {debt.limit, debt.debt, debt.sum}) AppendValue(bytes, value);
  AppendValue(bytes, debt.n);
}

// Reads values one after another; once something is wrong, all that follows is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Value() {
    const auto value = ReadValue<T>(bytes_);
    if (value) return *value;
    ok_ = false;
    return {};
  }
  double Number() {
    const double value = Value<double>();
    ok_ = ok_ && std::isfinite(value);
    return ok_ ? value : 0;
  }
  // A count of things that take at least `least_bytes` each.
  uint32_t Count(size_t least_bytes) {
    const auto count = Value<uint32_t>();
    if (count <= kMostBytes && count * least_bytes <= bytes_.size()) return count;
    ok_ = false;
    return 0;
  }
  std::string Text() {
    const std::string text(bytes_.substr(0, Count(1)));
    bytes_.remove_prefix(text.size());
    return text;
  }
  std::vector<float> Vector() {
    std::vector<float> x(Count(sizeof(float)));
    for (float& value : x) value = Value<float>();
    return x;
  }
  LimitDebt Debt() {
    LimitDebt debt;
    debt.limit = Number();
    debt.debt = Number();
    debt.sum = Number();
    debt.n = Value<int64_t>();
    return debt;
  }
  ConfidenceSequence Sequence() {
    auto sequence = ConfidenceSequence::Read(bytes_);
    ok_ = ok_ && sequence.ok();
    return sequence.ok() ? *sequence : ConfidenceSequence();
  }
  bool Finished() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

LimitContext ReadContext(Reader& in) {
  LimitContext context;
  context.x = in.Vector();
  context.input_tokens = in.Number();
  context.max_output_tokens = in.Value<int64_t>();
  context.tenant = in.Text();
  context.excluded.resize(in.Count(sizeof(uint32_t)));
  for (std::string& tier : context.excluded) tier = in.Text();
  return context;
}

}  // namespace

std::string LimitFold::Serialize() const {
  std::string bytes;
  AppendValue(bytes, kFormat);
  Put(bytes, cost_);
  Put(bytes, floor_);
  for (const LimitDebt& late : late_) Put(bytes, late);
  Put(bytes, std::string_view(reference_tier_));
  for (const double value : {reference_n_, reference_sum_, reference_squares_}) AppendValue(bytes, value);
  audits_.AppendTo(bytes);
  audits_before_.AppendTo(bytes);
  AppendValue(bytes, audited_floor_);
  AppendValue(bytes, contexts_seen_);
  AppendValue(bytes, newest_us_);
  AppendValue(bytes, static_cast<uint32_t>(recent_ms_.size()));
  for (const auto& [time_us, ms] : recent_ms_) {
    AppendValue(bytes, time_us);
    AppendValue(bytes, ms);
  }
  AppendValue(bytes, static_cast<uint32_t>(contexts_.size()));
  for (const LimitContext& context : contexts_) {
    Put(bytes, context.x);
    AppendValue(bytes, context.input_tokens);
    AppendValue(bytes, context.max_output_tokens);
    Put(bytes, std::string_view(context.tenant));
    AppendValue(bytes, static_cast<uint32_t>(context.excluded.size()));
    for (const std::string& tier : context.excluded) Put(bytes, std::string_view(tier));
  }
  AppendValue(bytes, static_cast<uint32_t>(latencies_.size()));
  for (const auto& [tier, recent] : latencies_) {
    Put(bytes, std::string_view(tier));
    AppendValue(bytes, static_cast<uint32_t>(recent.size()));
    for (const LatencyObservation& latency : recent) {
      Put(bytes, latency.x);
      AppendValue(bytes, latency.log_ms);
      AppendValue(bytes, latency.input_tokens);
      AppendValue(bytes, latency.time_us);
    }
  }
  return bytes;
}

absl::StatusOr<LimitFold> LimitFold::Deserialize(std::string_view bytes) {
  Reader in(bytes);
  if (in.Value<uint64_t>() != kFormat) return absl::InvalidArgumentError("limits: not in this format");
  LimitFold fold;
  fold.cost_ = in.Debt();
  fold.floor_ = in.Debt();
  for (LimitDebt& late : fold.late_) late = in.Debt();
  fold.reference_tier_ = in.Text();
  for (double* value : {&fold.reference_n_, &fold.reference_sum_, &fold.reference_squares_}) *value = in.Number();
  fold.audits_ = in.Sequence();
  fold.audits_before_ = in.Sequence();
  fold.audited_floor_ = in.Number();
  fold.contexts_seen_ = in.Value<int64_t>();
  fold.newest_us_ = in.Value<int64_t>();
  for (uint32_t left = in.Count(sizeof(int64_t)); left > 0; --left) {
    const auto time_us = in.Value<int64_t>();
    fold.recent_ms_.emplace_back(time_us, in.Value<float>());
  }
  for (uint32_t left = in.Count(sizeof(uint32_t)); left > 0; --left) fold.contexts_.push_back(ReadContext(in));
  for (uint32_t tiers = in.Count(sizeof(uint32_t)); tiers > 0; --tiers) {
    auto& recent = fold.latencies_[in.Text()];
    for (uint32_t left = in.Count(sizeof(uint32_t)); left > 0; --left) {
      recent.push_back({in.Vector(), in.Number(), in.Number(), in.Value<int64_t>()});
    }
  }
  if (!in.Finished()) return absl::InvalidArgumentError("limits: malformed bytes");
  return fold;
}

}  // namespace suffice
