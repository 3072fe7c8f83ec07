#include "log/seal.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace suffice {
namespace {

constexpr std::string_view kMark = "SUFSEAL1";

}  // namespace

std::string Seal(std::string_view bytes) {
  ByteSink sink;
  sink.Number(Hash64(bytes));
  std::string sealed = std::string(kMark) + sink.Take();
  sealed.append(bytes);
  return sealed;
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
