#include "app/config_flags.h"

namespace suffice {
namespace {

void AddOverrides(Flags& flags, ConfigOverrides* overrides) {
  flags.Add("set", overrides, {.value = "KEY.PATH=VALUE", .help = "overrides a key of the policy file"});
}

}  // namespace

void ConfigFlags::AddTo(Flags& flags) {
  flags.Add("config", &path, {.value = "FILE", .help = "the policy file", .required = true});
  AddOverrides(flags, &overrides);
}

void ConfigFlags::AddPositionalTo(Flags& flags) {
  flags.AddPositional("FILE", &path, "the policy file");
  AddOverrides(flags, &overrides);
}

absl::StatusOr<Config> ConfigFlags::Load(const ConfigParseOptions& options) const {
  return LoadConfig(path, overrides, options);
}

}  // namespace suffice
