// Any text as a policy file, with an override where a first line begins with "--set ". What is accepted must be valid,
// and read back from its own text to the last bit.
#include <string>

#include "fuzz/require.h"
#include "suffice/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  std::string text(reinterpret_cast<const char*>(data), size);
  ConfigOverrides overrides;
  constexpr std::string_view kSet = "--set ";
  if (text.starts_with(kSet)) {
    const size_t end = std::min(text.find('\n'), text.size());
    overrides.push_back(text.substr(kSet.size(), end - kSet.size()));
    text.erase(0, std::min(end + 1, text.size()));
  }
  const auto config = ParseConfig(text, "policy.yaml", overrides);
  if (!config.ok()) {
    SUFFICE_REQUIRE(config.status().code() == absl::StatusCode::kInvalidArgument);
    SUFFICE_REQUIRE(!config.status().message().empty());
    return 0;
  }
  SUFFICE_REQUIRE(ValidateConfig(*config).ok());
  const auto again = ParseConfig(ConfigToYaml(*config), "again.yaml");
  SUFFICE_REQUIRE(again.ok());
  SUFFICE_REQUIRE(*again == *config);
  SUFFICE_REQUIRE(again->Hash() == config->Hash());
  return 0;
}
