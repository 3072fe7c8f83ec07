#include "world.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "child.h"
#include "engine/benchmark/fitted_world.h"

namespace suffice::load {
namespace {

constexpr int kPrompts = 4096;
constexpr uint64_t kPromptSeed = 11;
constexpr double kFitPatience_s = 120;

absl::Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  return file ? absl::OkStatus() : absl::UnavailableError(fmt::format("cannot write {}", path));
}

absl::Status EmptyFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (error) return absl::UnavailableError(fmt::format("cannot make the folder {}: {}", folder, error.message()));
  struct statfs info;
  if (statfs(folder.c_str(), &info) != 0) return absl::UnavailableError(fmt::format("cannot look at {}", folder));
  if (info.f_type == TMPFS_MAGIC) {
    return absl::FailedPreconditionError(fmt::format("{} lies in memory: name a folder on a disk with --work", folder));
  }
  return absl::OkStatus();
}

absl::Status FitFeatures(const World& world, const std::string& config_file, const std::string& out) {
  std::string lines;
  for (const std::string& prompt : world.prompts) lines += nlohmann::json{{"prompt", prompt}}.dump() + '\n';
  SUFFICE_RETURN_IF_ERROR(WriteText(world.Path("prompts.jsonl"), lines));
  SUFFICE_ASSIGN_OR_RETURN(const auto fit, Child::Start({world.suffice, "fit-features", "--config", config_file, "--prompts",
                                                         world.Path("prompts.jsonl"), "--out", out},
                                                        world.Path("fit-features.txt")));
  return fit->WaitForEnd(kFitPatience_s);
}

}  // namespace

std::vector<std::string> MakeBenchPrompts() { return MakePrompts(kPrompts, kPromptBytes, kPromptSeed); }

absl::StatusOr<World> MakeWorld(const std::string& suffice, const std::string& self, const std::string& folder) {
  World world{.suffice = suffice, .self = self, .folder = folder};
  SUFFICE_RETURN_IF_ERROR(EmptyFolder(folder));
  world.prompts = MakeBenchPrompts();
  world.config = MakeFittedConfig(kTiers, PolicyKind::kThompson);
  world.config.name = "bench";
  world.config.features.dimensions = kDimensions;
  world.config.features.few_labels = 0;  // all dimensions from the start
  const std::string unfitted = world.Path("unfitted.yaml");
  SUFFICE_RETURN_IF_ERROR(WriteText(unfitted, ConfigToYaml(world.config)));
  world.config.features.file = world.Path("features.sfx");
  SUFFICE_RETURN_IF_ERROR(FitFeatures(world, unfitted, world.config.features.file));
  world.config_file = world.Path("policy.yaml");
  SUFFICE_RETURN_IF_ERROR(WriteText(world.config_file, ConfigToYaml(world.config)));
  return world;
}

}  // namespace suffice::load
