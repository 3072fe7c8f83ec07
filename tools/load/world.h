// What every part of the benchmark is about: a configuration of four tiers with fitted features, prompts of 1 KB, and a
// folder for the files, on a real disk.
// Thread contract: immutable once made.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "suffice/config.h"

namespace suffice::load {

inline constexpr int kTiers = 4;
inline constexpr int kDimensions = 64;
inline constexpr size_t kPromptBytes = 1024;

struct World {
  std::string suffice;               // path of the binary
  std::string self;                  // path of this program
  std::string folder;                // exists, is empty at first, and is removed at the end
  Config config;                     // with features.file
  std::string config_file;           // the same, as a policy file
  std::vector<std::string> prompts;  // of kPromptBytes each, all different

  std::string Path(const std::string& name) const { return folder + "/" + name; }
};

// Different prompts of kPromptBytes each, always the same ones.
std::vector<std::string> MakeBenchPrompts();

// Makes the prompts, and fits the features with `suffice fit-features`. FAILED_PRECONDITION when `folder` lies in memory
// (tmpfs): what is written there is not on a disk.
absl::StatusOr<World> MakeWorld(const std::string& suffice, const std::string& self, const std::string& folder);

}  // namespace suffice::load
