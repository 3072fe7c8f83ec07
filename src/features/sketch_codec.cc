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
#include <cstring>

#include "features/bytes.h"
#include "features/properties.h"
#include "features/sketch.h"

namespace suffice {
namespace {

constexpr uint8_t kFormat = 1;
constexpr int8_t kEscape = -128;
static_assert(kPropertySteps * kPropertyLimit < 128);

absl::Status Malformed(const char* what) { return absl::InvalidArgumentError(std::string("sketch: ") + what); }

// The encoder writes through a pointer, into memory that suffices for the longest encoding.
constexpr size_t kMaxVarintBytes = 10, kMaxCountBytes = 4, kMaxPropertyBytes = 1 + sizeof(float);

template <typename T>
char* Put(T value, char* out) {
  std::memcpy(out, &value, sizeof(value));
  return out + sizeof(value);
}

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// A bucket's code (three bytes at most, as it is less than 2 * kSketchBuckets) and count, without a branch on either.
char* PutCount(uint32_t code, uint8_t count, char* out) {
  const uint32_t two = code >= 1U << 7, three = code >= 1U << 14;
  const uint32_t bytes = (code & 0x7F) | two << 7 | (code >> 7 & 0x7F) << 8 | three << 15 | (code >> 14) << 16;
  const size_t size = 1 + two + three;
  Put(bytes, out);
  out[size] = static_cast<char>(count);
  return out + size + (count > 1);
}

char* PutProperty(float value, char* out) {
  // What is no whole number of steps is not `exact`, however it was rounded; nor is what is not a number.
  const bool in_range = std::fabs(value) <= kPropertyLimit;
  const int steps = in_range ? static_cast<int>(value * kPropertySteps + std::copysign(0.5F, value)) : 0;
  const bool negative_zero = value == 0 && std::signbit(value);
  const bool exact = in_range && static_cast<float>(steps) / kPropertySteps == value && !negative_zero;
  out = Put(exact ? static_cast<int8_t>(steps) : kEscape, out);
  return exact ? out : Put(value, out);
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
  bytes.resize(1 + 2 * kMaxVarintBytes + kMaxCountBytes * counts.size() + kMaxPropertyBytes * properties.size() +
               sizeof(float) * extras.size());
  char* out = Put(kFormat, bytes.data());
  out = PutVarint(counts.size(), out);
  uint32_t next = 0;
  for (const Count& count : counts) {
    out = PutCount(2 * (count.bucket - next) + (count.count > 1), count.count, out);
    next = count.bucket + 1U;
  }
  for (const float property : properties) out = PutProperty(property, out);
  out = PutVarint(extras.size(), out);
  for (const float extra : extras) out = Put(extra, out);
  bytes.resize(static_cast<size_t>(out - bytes.data()));
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
