// The name of one decision: a UUID of version 7 (RFC 9562), so ids sort by time of making.
// Thread contract: a value type.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace suffice {

struct DecisionId {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const DecisionId&) const = default;

  // The 16 raw bytes, as stored and hashed. Valid while *this lives.
  std::string_view Raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  // Canonical text, for example "018f3c2e-6b1a-7c3d-8e4f-0123456789ab".
  std::string ToString() const;
  // Reads the canonical text; nothing if it is not a UUID.
  static std::optional<DecisionId> Parse(std::string_view text);
  // REQUIRES: raw.size() == 16.
  static DecisionId FromRaw(std::string_view raw);
};

}  // namespace suffice
