#include "service/key_ring.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "config/field_reader.h"
#include "config/yaml_tree.h"

namespace suffice {
namespace {

constexpr std::pair<std::string_view, Scope> kScopes[] = {
    {"route", kRouteScope}, {"feedback", kFeedbackScope}, {"admin", kAdminScope}};
constexpr double kMostPerSecond = 1e6;
constexpr size_t kMaxNameBytes = 128;

// One entry of the file, and where it stands.
class EntryDecoder {
 public:
  EntryDecoder(const YamlNode& node, std::string path, Diagnostics& diagnostics)
      : node_(node), path_(std::move(path)), diagnostics_(diagnostics) {}

  ApiKey Decode() {
    ApiKey key;
    std::string hash;
    std::vector<std::string> scopes;
    {
      FieldReader reader(node_, path_, diagnostics_);
      reader.Text("name", key.name, TextRule::kRequired);
      reader.Text("sha256", hash, TextRule::kRequired);
      reader.TextList("scopes", scopes);
      reader.Text("tenant", key.tenant, TextRule::kAny);
      reader.Number("requests_per_second", key.requests_per_second, Between(0, kMostPerSecond));
      reader.Number("burst", key.burst, Between(0, kMostPerSecond));
    }
    if (node_.kind != YamlNode::Kind::kMap) return key;
    TakeHash(hash, key);
    TakeScopes(scopes, key);
    TakeLimit(key);
    return key;
  }

  // About the value at `field`, or the entry where it is not there, unless something was said about it.
  void Report(std::string_view field, std::string_view reason) {
    const std::string path = fmt::format("{}.{}", path_, field);
    const YamlNode* value = node_.Find(field);
    if (!diagnostics_.Has(path)) diagnostics_.Add(value != nullptr ? value->where : node_.where, path, reason);
  }

 private:
  void TakeHash(const std::string& hash, ApiKey& key) {
    const bool is_hex = hash.size() == 2 * key.sha256.size() &&
                        std::all_of(hash.begin(), hash.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
    // What stands there may be the key itself: it is not repeated.
    if (!is_hex) return Report("sha256", "expected the 64 hex digits of the key's SHA-256");
    const std::string bytes = absl::HexStringToBytes(hash);
    std::copy(bytes.begin(), bytes.end(), key.sha256.begin());
  }

  void TakeScopes(const std::vector<std::string>& names, ApiKey& key) {
    for (const std::string& name : names) {
      const auto* const found =
          std::find_if(std::begin(kScopes), std::end(kScopes), [&](const auto& scope) { return scope.first == name; });
      if (found == std::end(kScopes)) return Report("scopes", "expected of route, feedback, admin");
      key.scopes |= found->second;
    }
    if (key.scopes == 0) Report("scopes", "expected at least one of route, feedback, admin");
    if ((key.scopes & kAdminScope) != 0 && !key.tenant.empty()) {
      Report("tenant", "expected none with scope admin, which sees all tenants");
    }
  }

  void TakeLimit(ApiKey& key) {
    if (key.requests_per_second == 0) {
      if (key.burst != 0) Report("burst", "has no meaning without requests_per_second");
      return;
    }
    if (key.burst == 0) key.burst = std::max(1.0, key.requests_per_second);
    if (key.burst < 1) return Report("burst", "expected at least 1");
    key.bucket = std::make_shared<TokenBucket>(key.requests_per_second, key.burst);
  }

  const YamlNode& node_;
  const std::string path_;
  Diagnostics& diagnostics_;
};

void KeepBucket(const std::vector<ApiKey>& previous, ApiKey& key) {
  for (const ApiKey& old : previous) {
    if (old.sha256 == key.sha256 && old.requests_per_second == key.requests_per_second && old.burst == key.burst) {
      key.bucket = old.bucket;
    }
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const KeyRing>> KeyRing::Parse(const std::string& yaml, const std::string& name,
                                                              const KeyRing* previous) {
  Diagnostics diagnostics(name);
  const YamlNode root = ParseYamlTree(yaml, diagnostics);
  SUFFICE_RETURN_IF_ERROR(diagnostics.ToStatus());
  auto ring = std::make_shared<KeyRing>();
  // An empty file is an empty list: nobody may do anything.
  if (root.kind != YamlNode::Kind::kSequence && root.kind != YamlNode::Kind::kNull) {
    diagnostics.Add(root.where, "", "expected a list of keys");
  }
  for (size_t i = 0; i < root.items.size(); ++i) {
    EntryDecoder decoder(root.items[i], std::to_string(i), diagnostics);
    ApiKey key = decoder.Decode();
    if (key.name.size() > kMaxNameBytes) decoder.Report("name", fmt::format("expected at most {} bytes", kMaxNameBytes));
    for (const ApiKey& other : ring->keys_) {
      if (other.name == key.name) decoder.Report("name", "another key has this name");
      if (other.sha256 == key.sha256) decoder.Report("sha256", fmt::format("the same as that of key {}", other.name));
    }
    if (previous != nullptr) KeepBucket(previous->keys_, key);
    ring->keys_.push_back(std::move(key));
  }
  SUFFICE_RETURN_IF_ERROR(diagnostics.ToStatus());
  return ring;
}

absl::StatusOr<std::shared_ptr<const KeyRing>> KeyRing::Load(const std::string& path, const KeyRing* previous) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(fmt::format("serve.keys_file: cannot read {}", path));
  }
  return Parse(text, path, previous);
}

const ApiKey* KeyRing::Find(std::string_view bearer) const {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(bearer.data()), bearer.size(), hash.data());
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys_) {
    if (CRYPTO_memcmp(key.sha256.data(), hash.data(), hash.size()) == 0) found = &key;
  }
  return found;
}

bool KeyRing::Has(const ApiKey& key) const {
  return std::any_of(keys_.begin(), keys_.end(), [&key](const ApiKey& mine) {
    return mine.sha256 == key.sha256 && mine.scopes == key.scopes && mine.tenant == key.tenant &&
           mine.requests_per_second == key.requests_per_second && mine.burst == key.burst;
  });
}

std::string ScopeNames(unsigned scopes) {
  std::vector<std::string_view> names;
  for (const auto& [name, scope] : kScopes) {
    if ((scopes & scope) != 0) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, " or "));
}

}  // namespace suffice
