#include "base/ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/hash.h"

namespace suffice {

std::string DecisionId::ToString() const {
  const std::string hex = absl::BytesToHexString({Raw().data(), Raw().size()});
  const std::string_view h = hex;
  return fmt::format("{}-{}-{}-{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(12, 4), h.substr(16, 4), h.substr(20));
}

std::optional<DecisionId> DecisionId::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (dash) continue;
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) return std::nullopt;
    hex.push_back(text[i]);
  }
  return FromRaw(absl::HexStringToBytes(hex));
}

DecisionId DecisionId::FromRaw(std::string_view raw) {
  DecisionId id;
  std::memcpy(id.bytes.data(), raw.data(), std::min(raw.size(), id.bytes.size()));
  return id;
}

DecisionIdGenerator::DecisionIdGenerator(uint64_t seed)
    : node_(Hash64({reinterpret_cast<const char*>(&seed), sizeof(seed)}, 0x5ff1ce) & 0xffffffffffffULL) {}

DecisionId DecisionIdGenerator::Next(int64_t now_us) {
  uint64_t ms;
  uint32_t counter;
  {
    absl::MutexLock lock(&mutex_);
    const uint64_t now_ms = static_cast<uint64_t>(std::max<int64_t>(now_us, 0)) / 1000;
    if (now_ms > last_ms_) {
      last_ms_ = now_ms;
      counter_ = 0;
    } else if (++counter_ >= (1u << 26)) {
      ++last_ms_;
      counter_ = 0;
    }
    ms = last_ms_;
    counter = counter_;
  }
  DecisionId id;
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<uint8_t>(0x70 | (counter >> 22));
  id.bytes[7] = static_cast<uint8_t>(counter >> 14);
  id.bytes[8] = static_cast<uint8_t>(0x80 | ((counter >> 8) & 0x3f));
  id.bytes[9] = static_cast<uint8_t>(counter);
  for (int i = 0; i < 6; ++i) id.bytes[10 + i] = static_cast<uint8_t>(node_ >> (40 - 8 * i));
  return id;
}

uint64_t RandomSeed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) | device();
}

}  // namespace suffice
