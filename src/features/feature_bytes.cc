#include "features/feature_bytes.h"

#include "base/hash.h"

namespace suffice {
namespace {

constexpr std::string_view kMagic = "SUFFEAT1";
constexpr size_t kHeaderBytes = 8 + 4 + 8;
constexpr size_t kChecksumBytes = 8;

void AppendText(std::string& bytes, std::string_view text) {
  AppendVarint(bytes, text.size());
  bytes += text;
}

}  // namespace

absl::Status MalformedFeatures(std::string_view what) {
  return absl::InvalidArgumentError("feature set: " + std::string(what));
}

uint64_t LayoutHash(const FeatureConfig& config) {
  std::string bytes;
  AppendVarint(bytes, static_cast<uint64_t>(config.embedding_dimensions));
  AppendVarint(bytes, config.numeric.size());
  for (const auto& numeric : config.numeric) {
    AppendText(bytes, numeric.name);
    AppendRaw(bytes, numeric.mean);
    AppendRaw(bytes, numeric.scale);
  }
  AppendVarint(bytes, config.categorical.size());
  for (const auto& categorical : config.categorical) {
    AppendText(bytes, categorical.name);
    AppendVarint(bytes, categorical.values.size());
    for (const std::string& value : categorical.values) AppendText(bytes, value);
  }
  return Hash64(bytes);
}

std::string OpenFrame(FeatureKind kind, uint64_t layout) {
  std::string bytes(kMagic);
  AppendRaw(bytes, static_cast<uint32_t>(kind));
  AppendRaw(bytes, layout);
  return bytes;
}

std::string CloseFrame(std::string bytes) {
  AppendRaw(bytes, Hash64(bytes));
  return bytes;
}

absl::StatusOr<Frame> ReadFrame(std::string_view bytes, uint64_t layout) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return MalformedFeatures("not a feature set of this format");
  }
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
  uint64_t checksum = 0, made_for = 0;  // g++ 12 with a sanitizer does not see that Read fills them
  uint32_t kind;
  ByteReader(bytes.substr(covered.size())).Read(checksum);
  if (checksum != Hash64(covered)) return MalformedFeatures("checksum does not match: damaged or cut");
  ByteReader header(covered.substr(kMagic.size()));
  if (!header.Read(kind) || !header.Read(made_for)) return MalformedFeatures("cut");
  if (made_for != layout) return MalformedFeatures("made for other extras than the configuration declares");
  return Frame{static_cast<FeatureKind>(kind), covered.substr(kHeaderBytes)};
}

}  // namespace suffice
