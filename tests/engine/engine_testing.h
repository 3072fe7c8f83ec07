// Helpers for tests of the whole engine on a real SQLite file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "log/records.h"
#include "suffice/engine.h"

namespace suffice {

// A folder with one database, gone with the test.
class Store {
 public:
  Store();
  ~Store();
  const std::filesystem::path& folder() const { return folder_; }
  std::string path() const { return (folder_ / "suffice.db").string(); }

 private:
  std::filesystem::path folder_;
};

// small, medium and large, the dearer the better believed; features that never fit a projection by themselves.
Config ThreeTierConfig();
// Prompts of many different words; the same n is the same prompt.
std::string PromptNumber(int n);

// These end the test on any error.
std::unique_ptr<Engine> MustOpen(const Store& store, const Config& config);
Decision MustRoute(Engine& engine, const RouteRequest& request);
Decision MustRoute(Engine& engine, const std::string& prompt);
// Does not wait for the commit; Engine::Sync does.
void Tell(Engine& engine, const Decision& decision, double reward);
// What would be decided for the prompt now.
Decision Look(Engine& engine, const std::string& prompt);

// Routes prompts [first, last) and rewards each by its tier's place in `reward_by_tier`; syncs every `sync_every`.
void Teach(Engine& engine, int first, int last, const std::vector<double>& reward_by_tier, int sync_every = 1 << 30);

// Of a closed store.
std::vector<DecisionRecord> ReadDecisions(const Store& store);
// The one number that the statement selects.
int64_t SelectInteger(const Store& store, const std::string& sql);

void Execute(const Store& store, const std::string& sql);
// Whether any file of the store has the bytes of `text`.
bool FilesContain(const Store& store, const std::string& text);

// Checks that every tier's estimates agree within 1e-9.
void CheckSamePredictions(const Decision& a, const Decision& b);

}  // namespace suffice
