#include "suffice/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/hash.h"
#include "base/status_macros.h"
#include "config/checks.h"
#include "config/diagnostics.h"
#include "config/field_writer.h"
#include "config/overrides.h"
#include "config/schema.h"
#include "config/yaml_tree.h"

namespace suffice {
namespace {

// NOT_FOUND, PERMISSION_DENIED and so on, by errno, with the path.
absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return absl::ErrnoToStatus(errno, path);
  std::string text;
  char buffer[1 << 14];
  for (size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, file.get())) > 0;) text.append(buffer, n);
  if (std::ferror(file.get()) != 0) return absl::ErrnoToStatus(errno, path);
  return text;
}

// Where the value at `keys` was written, or the innermost map or list around it that was.
SourceLocation Locate(const YamlNode& root, const std::vector<std::string>& keys) {
  const YamlNode* node = &root;
  for (const std::string& key : keys) {
    const YamlNode* next = nullptr;
    if (node->kind == YamlNode::Kind::kMap) {
      next = node->Find(key);
    } else if (node->kind == YamlNode::Kind::kSequence) {
      const size_t index = std::strtoul(key.c_str(), nullptr, 10);
      next = index < node->items.size() ? &node->items[index] : nullptr;
    }
    if (next == nullptr) break;
    node = next;
  }
  return node->where;
}

absl::StatusOr<Config> Decode(const YamlNode& root, const ConfigParseOptions& options, Diagnostics& diagnostics) {
  Config config = DecodeConfig(root, diagnostics);
  if (root.kind != YamlNode::Kind::kMap) return diagnostics.ToStatus();
  if (!options.allow_no_tiers) NameThresholdTiers(config);
  CheckConfig(config, options, [&](const std::vector<std::string>& keys, const std::string& reason) {
    const std::string path = fmt::format("{}", fmt::join(keys, "."));
    // A value that did not decode would break rules that its writer kept.
    if (!diagnostics.Has(path)) diagnostics.Add(Locate(root, keys), path, reason);
  });
  SUFFICE_RETURN_IF_ERROR(diagnostics.ToStatus());
  return config;
}

}  // namespace

std::string Tier::PriceVersionAt(int64_t time_us) const {
  const PriceChange* in_force = nullptr;
  for (const PriceChange& change : price_changes) {
    if (change.from_us <= time_us) in_force = &change;
  }
  return in_force == nullptr ? "base" : FormatTimeField(in_force->from_us);
}

std::string Config::Hash() const { return Sha256Hex(ConfigToYaml(*this)); }

int Config::TierIndex(std::string_view tier_name) const {
  for (size_t i = 0; i < tiers.size(); ++i) {
    if (tiers[i].name == tier_name) return static_cast<int>(i);
  }
  return -1;
}

const ProviderConfig* Config::FindProvider(std::string_view provider_name) const {
  for (const ProviderConfig& provider : providers) {
    if (provider_name.empty() || provider.name == provider_name) return &provider;
  }
  return nullptr;
}

absl::StatusOr<Config> LoadConfig(const std::string& path, const ConfigOverrides& overrides,
                                  const ConfigParseOptions& options) {
  SUFFICE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseConfig(text, path, overrides, options);
}

absl::StatusOr<Config> ParseConfig(const std::string& yaml, const std::string& name, const ConfigOverrides& overrides,
                                   const ConfigParseOptions& options) {
  Diagnostics diagnostics(name);
  YamlNode root = ParseYamlTree(yaml, diagnostics);
  SUFFICE_RETURN_IF_ERROR(diagnostics.ToStatus());
  // A file of nothing but comments is a map without keys.
  if (root.kind == YamlNode::Kind::kNull) root.kind = YamlNode::Kind::kMap;
  ApplyOverrides(overrides, root, diagnostics);
  return Decode(root, options, diagnostics);
}

absl::Status ValidateConfig(const Config& config) {
  Diagnostics diagnostics("");
  SUFFICE_ASSIGN_OR_RETURN(const Config decoded, Decode(EncodeConfig(config), {}, diagnostics));
  // What a file may leave out for ParseConfig to fill in, code must say.
  if (decoded.policy.threshold == config.policy.threshold) return absl::OkStatus();
  return absl::InvalidArgumentError("policy.threshold: expected the names of the strong and the weak tier");
}

std::string ConfigToYaml(const Config& config) { return WriteYaml(EncodeConfig(config)); }

std::string_view ToString(PolicyKind kind) { return ChoiceName(PolicyKinds(), kind); }
std::string_view ToString(ObjectiveKind kind) { return ChoiceName(ObjectiveKinds(), kind); }
std::string_view ToString(BudgetPeriod period) { return ChoiceName(BudgetPeriods(), period); }
std::string_view ToString(BudgetKind kind) { return ChoiceName(BudgetKinds(), kind); }
std::string_view ToString(BudgetScope scope) { return ChoiceName(BudgetScopes(), scope); }
std::string_view ToString(LatencyMetric metric) { return ChoiceName(LatencyMetrics(), metric); }
std::string_view ToString(OnLogFailure answer) { return ChoiceName(LogFailureAnswers(), answer); }
std::string_view ToString(OnInfeasible answer) { return ChoiceName(InfeasibleAnswers(), answer); }
std::string_view ToString(JudgeKind kind) { return ChoiceName(JudgeKinds(), kind); }
std::string_view ToString(Mode mode) { return ChoiceName(Modes(), mode); }
std::string_view ToString(PromptLogging prompts) { return ChoiceName(PromptLoggings(), prompts); }
std::string_view ToString(Durability durability) { return ChoiceName(Durabilities(), durability); }

}  // namespace suffice
