#include "log/seal.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace suffice {
namespace {

constexpr std::string_view kMark = "SUFSEAL1";

}  // namespace

// In place, as states can have tens of megabytes.
std::string Seal(std::string bytes) {
  ByteSink sink;
  sink.Number(Hash64(bytes));
  bytes.insert(0, std::string(kMark) + sink.Take());
  return bytes;
}

absl::StatusOr<std::string_view> Unseal(std::string_view sealed) {
  if (!sealed.starts_with(kMark)) return sealed;
  sealed.remove_prefix(kMark.size());
  ByteSource source(sealed);
  uint64_t checksum = 0;
  if (!source.Number(checksum)) return absl::DataLossError("cut short");
  sealed.remove_prefix(sizeof(checksum));
  if (Hash64(sealed) != checksum) return absl::DataLossError("its bytes are not those that were written");
  return sealed;
}

}  // namespace suffice
