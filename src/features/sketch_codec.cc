// An encoded sketch, in this order:
//   1 byte    format, 1
//   varint    number of buckets; for each, ascending:
//     varint  2 * (bucket - previous bucket - 1) + (count > 1), with -1 before the first
//     1 byte  count, where it is more than 1
//   for each of the kPropertyCount properties:
//     1 byte  its value times kPropertySteps as int8, where that is exact; else -128 and 4 bytes of float
//   varint    number of extras, then 4 bytes of float each
// Numbers are little-endian; varints are LEB128.

#include <cmath>

#include "features/bytes.h"
#include "features/properties.h"
#include "features/sketch.h"

namespace suffice {
namespace {

constexpr uint8_t kFormat = 1;
constexpr int8_t kEscape = -128;
constexpr float kMaxSteps = kPropertySteps * kPropertyLimit;

absl::Status Malformed(const char* what) { return absl::InvalidArgumentError(std::string("sketch: ") + what); }

void AppendProperty(std::string& bytes, float value) {
  const float steps = std::nearbyint(value * kPropertySteps);
  const bool negative_zero = value == 0 && std::signbit(value);
  const bool exact = std::fabs(steps) <= kMaxSteps && steps / kPropertySteps == value && !negative_zero;
  AppendRaw(bytes, exact ? static_cast<int8_t>(steps) : kEscape);
  if (!exact) AppendRaw(bytes, value);
}

bool ReadProperty(ByteReader& reader, float& value) {
  int8_t steps;
  if (!reader.Read(steps)) return false;
  if (steps == kEscape) return reader.Read(value) && std::isfinite(value);
  value = static_cast<float>(steps) / kPropertySteps;
  return std::fabs(value) <= kPropertyLimit;
}

bool ReadCounts(ByteReader& reader, std::vector<Sketch::Count>& counts) {
  uint64_t size;
  // Each takes a byte at least, so a lie about the size cannot make us reserve more than the input is long.
  if (!reader.ReadVarint(size) || size > kSketchBuckets || size > reader.remaining()) return false;
  counts.reserve(size);
  uint64_t next = 0;
  for (uint64_t i = 0; i < size; ++i) {
    uint64_t code;
    uint8_t count = 1;
    if (!reader.ReadVarint(code)) return false;
    const uint64_t bucket = next + (code >> 1);
    if (bucket >= kSketchBuckets) return false;
    if ((code & 1) != 0 && (!reader.Read(count) || count < 2)) return false;
    counts.push_back({static_cast<uint16_t>(bucket), count});
    next = bucket + 1;
  }
  return true;
}

bool ReadExtras(ByteReader& reader, std::vector<float>& extras) {
  uint64_t size;
  if (!reader.ReadVarint(size) || size > reader.remaining() / sizeof(float)) return false;
  extras.resize(size);
  if (!reader.Read(extras.data(), size)) return false;
  for (const float extra : extras) {
    if (!std::isfinite(extra)) return false;
  }
  return true;
}

}  // namespace

std::string Sketch::Encode() const {
  std::string bytes;
  EncodeTo(bytes);
  return bytes;
}

void Sketch::EncodeTo(std::string& bytes) const {
  bytes.clear();
  bytes.reserve(16 + 3 * counts.size() + kPropertyCount + 4 * extras.size());
  AppendRaw(bytes, kFormat);
  AppendVarint(bytes, counts.size());
  uint64_t next = 0;
  for (const Count& count : counts) {
    AppendVarint(bytes, 2 * (count.bucket - next) + (count.count > 1));
    if (count.count > 1) AppendRaw(bytes, count.count);
    next = uint64_t{count.bucket} + 1;
  }
  for (const float property : properties) AppendProperty(bytes, property);
  AppendVarint(bytes, extras.size());
  AppendRaw(bytes, extras.data(), extras.size());
}

absl::StatusOr<Sketch> Sketch::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  uint8_t format;
  if (!reader.Read(format) || format != kFormat) return Malformed("unknown format");
  Sketch sketch;
  if (!ReadCounts(reader, sketch.counts)) return Malformed("malformed counts");
  for (float& property : sketch.properties) {
    if (!ReadProperty(reader, property)) return Malformed("malformed properties");
  }
  if (!ReadExtras(reader, sketch.extras)) return Malformed("malformed extras");
  if (reader.remaining() > 0) return Malformed("bytes after the end");
  return sketch;
}

}  // namespace suffice
