#include "provider/api_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace suffice {
namespace {

constexpr size_t kMaxTextBytes = 300;

// It becomes part of a header line.
bool IsHeaderSafe(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

absl::StatusOr<std::string> Checked(std::string_view text, const std::string& field, const std::string& where) {
  std::string key(text);
  absl::StripAsciiWhitespace(&key);
  if (key.empty()) return absl::InvalidArgumentError(fmt::format("{}: {} holds no key", field, where));
  if (!IsHeaderSafe(key)) {
    return absl::InvalidArgumentError(
        fmt::format("{}: expected a key of printable ASCII without spaces in {}", field, where));
  }
  return key;
}

// Cuts before a character that would be halved.
std::string_view Shortened(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace

absl::StatusOr<std::string> ReadApiKey(const ProviderConfig& provider) {
  if (!provider.api_key_env.empty()) {
    const std::string field = fmt::format("providers.{}.api_key_env", provider.name);
    const char* value = std::getenv(provider.api_key_env.c_str());
    if (value == nullptr) {
      return absl::InvalidArgumentError(
          fmt::format("{}: the environment variable {} is not set", field, provider.api_key_env));
    }
    return Checked(value, field, "the environment variable " + provider.api_key_env);
  }
  if (provider.api_key_file.empty()) return std::string();
  const std::string field = fmt::format("providers.{}.api_key_file", provider.name);
  std::ifstream file(provider.api_key_file);
  if (!file) return absl::InvalidArgumentError(fmt::format("{}: cannot open {}", field, provider.api_key_file));
  std::string line;
  std::getline(file, line);
  return Checked(line, field, provider.api_key_file);
}

std::string SafeText(std::string_view text, std::string_view api_key) {
  std::string safe(text);
  if (!api_key.empty()) safe = absl::StrReplaceAll(safe, {{std::string(api_key), "***"}});
  safe = Shortened(safe, kMaxTextBytes);
  std::replace_if(
      safe.begin(), safe.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return safe;
}

}  // namespace suffice
