#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>

#include "absl/strings/escaping.h"
#include "app/commands.h"
#include "app/flags.h"
#include "base/hash.h"
#include "service/key_ring.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "makes a bearer key, and its entry for serve.keys_file";
constexpr size_t kRandomBytes = 32;

absl::StatusOr<std::string> RandomKey() {
  std::array<unsigned char, kRandomBytes> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return absl::InternalError("no randomness to be had");
  return "suffice_" + absl::WebSafeBase64Escape(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// A YAML string in double quotes.
std::string Quoted(const std::string& text) { return fmt::format("\"{}\"", absl::Utf8SafeCEscape(text)); }

int Run(const std::vector<std::string>& args, Io& io) {
  std::string name, scopes, tenant;
  double requests_per_second = 0;
  Flags flags("new-key",
              "Prints the entry for serve.keys_file on standard output, and the key itself, this once, on standard error.",
              "suffice new-key --name checkout --scopes route,feedback --tenant shop >> keys.yaml 2> checkout.key");
  flags.Add("name", &name, {.value = "NAME", .help = "of the key, in errors", .required = true})
      .Add("scopes", &scopes, {.value = "LIST", .help = "of route, feedback, admin", .required = true})
      .Add("tenant", &tenant, {.value = "T", .help = "only this one's requests"})
      .Add("requests-per-second", &requests_per_second,
           {.value = "N", .help = "on average; 0: no limit", .range = AtLeast(0)});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<std::string> key = RandomKey();
  if (!key.ok()) return Fail(io, key.status());
  std::string entry = fmt::format("- name: {}\n  sha256: \"{}\"\n  scopes: [{}]\n", Quoted(name), Sha256Hex(*key),
                                  scopes);
  if (!tenant.empty()) entry += fmt::format("  tenant: {}\n", Quoted(tenant));
  if (requests_per_second > 0) entry += fmt::format("  requests_per_second: {}\n", requests_per_second);
  if (const auto ring = KeyRing::Parse(entry, "entry"); !ring.ok()) return Fail(io, ring.status());
  io.out << entry << std::flush;
  io.err << *key << '\n';
  return kExitOk;
}

}  // namespace

Command NewKeyCommand() { return {"new-key", kSummary, Run}; }

}  // namespace suffice
