// The flags with which every command reads a policy file.
// Thread contract: not thread-safe; lives in one command's run.
#pragma once

#include <string>

#include "app/flags.h"
#include "suffice/config.h"

namespace suffice {

struct ConfigFlags {
  std::string path;
  ConfigOverrides overrides;

  // --config (required) and --set.
  void AddTo(Flags& flags);
  // FILE and --set.
  void AddPositionalTo(Flags& flags);
  absl::StatusOr<Config> Load(const ConfigParseOptions& options = {}) const;
};

}  // namespace suffice
