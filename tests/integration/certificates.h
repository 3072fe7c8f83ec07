// Certificates of a test's own making (P-256, a day long), as PEM. Thread contract: free functions; values.
#pragma once

#include <string>

namespace suffice {

struct Identity {
  std::string certificate;
  std::string key;
};

// One that signs itself.
Identity MakeAuthority(const std::string& name);
// Signed by `authority`, for the address 127.0.0.1.
Identity MakeIdentity(const std::string& name, const Identity& authority);

}  // namespace suffice
