// Any text as a file of bearer keys. No key, nor what stands where a hash should, may come back in an error.
#include <string>

#include "fuzz/require.h"
#include "service/key_ring.h"
#include "service/listen_address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto ring = KeyRing::Parse(text, "keys.yaml"); ring.ok()) {
    const auto again = KeyRing::Parse(text, "keys.yaml", ring->get());
    SUFFICE_REQUIRE(again.ok() && (*again)->size() == (*ring)->size());
    (*ring)->Find(text);
  }
  if (const auto address = ParseListenAddress(text); address.ok()) {
    const auto again = ParseListenAddress(address->ToString());
    SUFFICE_REQUIRE(again.ok() && again->host == address->host && again->port == address->port);
  }
  return 0;
}
