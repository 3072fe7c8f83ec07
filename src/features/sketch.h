// What is kept of a prompt: salted hashed token counts and counted properties. Everything a FeatureSet reads.
// Thread contract: pure functions and a value type.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "suffice/config.h"
#include "suffice/types.h"

namespace suffice {

inline constexpr int kSketchBuckets = 1 << 16;
inline constexpr int kPropertyCount = 48;

struct Sketch {
  struct Count {
    uint16_t bucket;
    uint8_t count;  // saturates at 255
    auto operator<=>(const Count&) const = default;
  };
  std::vector<Count> counts;                       // by bucket, ascending, each bucket once
  std::array<float, kPropertyCount> properties{};  // counted properties, standardised by fixed constants
  std::vector<float> extras;                       // the caller's embedding and named features, see EncodeExtras

  bool operator==(const Sketch&) const = default;

  // Compact bytes; Decode(Encode()) gives the same sketch. Decode: INVALID_ARGUMENT on anything malformed.
  std::string Encode() const;
  void EncodeTo(std::string& bytes) const;  // takes the place of what `bytes` held, and uses its memory
  static absl::StatusOr<Sketch> Decode(std::string_view bytes);
};

// Sketches a text: lower-cased words, number shapes, punctuation marks and newlines, as uni- and bigrams hashed with
// `salt`. Any bytes are accepted; invalid UTF-8 is treated as single bytes. Of a text longer than 8 KiB only the first
// and last 4 KiB are read (its length is known all the same), so that cost is bounded and filler cannot grow without
// limit. Leaves `sketch.extras` alone.
void SketchText(std::string_view text, uint64_t salt, Sketch& sketch);
// Names of the counted properties, kPropertyCount of them.
std::span<const std::string_view> PropertyNames();

// The text that a request's features are computed from: its prompt, or its messages with their roles, one a line.
std::string RequestText(const RouteRequest& request);
void RequestText(const RouteRequest& request, std::string& text);  // uses the memory of `text`
// Tokens of a text, by its length: 4 bytes a token, at least 1.
double EstimateTokens(std::string_view text);

// Encodes the caller's embedding and named features as declared in `config`, in this order: embedding (clipped to +-5),
// numeric, one-hot of each categorical. Undeclared, repeated or non-finite ones and a wrong embedding length are
// InvalidField errors. A feature that is declared and not sent enters as 0.
absl::StatusOr<std::vector<float>> EncodeExtras(const RouteRequest& request, const FeatureConfig& config);
absl::Status EncodeExtras(const RouteRequest& request, const FeatureConfig& config, std::vector<float>& extras);
int ExtrasLength(const FeatureConfig& config);
// Name of each extra, for explanations.
std::vector<std::string> ExtrasNames(const FeatureConfig& config);

}  // namespace suffice
