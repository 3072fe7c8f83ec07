// The bearer keys that a server knows (serve.keys_file) and what each may do. The file is a list:
//
//   - name: checkout
//     sha256: "9f86d0..."          # hex, of the key; `suffice new-key` prints both
//     scopes: [route, feedback]    # of route, feedback, admin
//     tenant: shop                 # only this one's requests; empty: any
//     requests_per_second: 50      # on average; 0: no limit
//     burst: 100                   # at once; default: a second's worth, at least 1
//
// Thread contract: immutable after parsing but for the buckets, which are thread-safe. No error shows a key or a hash.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "service/token_bucket.h"

namespace suffice {

// Bits of a set.
enum Scope : unsigned { kRouteScope = 1, kFeedbackScope = 2, kAdminScope = 4 };

struct ApiKey {
  std::string name;  // unique
  std::array<unsigned char, 32> sha256{};
  unsigned scopes = 0;  // of Scope
  std::string tenant;   // empty: any
  double requests_per_second = 0;
  double burst = 0;
  std::shared_ptr<TokenBucket> bucket;  // null: no limit
};

class KeyRing {
 public:
  // INVALID_ARGUMENT with one "file:line:column: key: reason" a line; `name` is the file's. A key that `previous` has
  // with the same limits keeps its bucket.
  static absl::StatusOr<std::shared_ptr<const KeyRing>> Parse(const std::string& yaml, const std::string& name,
                                                              const KeyRing* previous = nullptr);
  // The same from a file; NOT_FOUND and the like when it cannot be read.
  static absl::StatusOr<std::shared_ptr<const KeyRing>> Load(const std::string& path,
                                                             const KeyRing* previous = nullptr);

  // The key with the SHA-256 of `bearer`, or null. Takes the same time whichever key it is, and whether or not one is.
  const ApiKey* Find(std::string_view bearer) const;
  // Whether it has this key still, with the same scopes, tenant and limits.
  bool Has(const ApiKey& key) const;
  size_t size() const { return keys_.size(); }

 private:
  std::vector<ApiKey> keys_;
};

// The names of `scopes`' bits, for messages: "route or admin".
std::string ScopeNames(unsigned scopes);

}  // namespace suffice
