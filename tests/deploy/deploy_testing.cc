#include "deploy/deploy_testing.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "integration/child_process.h"

namespace suffice {
namespace {

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = std::filesystem::path(SUFFICE_SOURCE_DIR) / "tools/deploy";
  return folder;
}

// Of a command such as "serve" or "call health".
const std::string& HelpOf(const std::string& command, const std::string& subcommand) {
  static std::map<std::string, std::string> known;
  std::string& help = known[command + " " + subcommand];
  if (!help.empty()) return help;
  std::vector<std::string> args = {command};
  if (!subcommand.empty()) args.push_back(subcommand);
  args.emplace_back("--help");
  ChildProcess process(args);
  const Exit exit = process.Wait();
  INFO("suffice " << command << " " << subcommand << " --help: " << process.err());
  REQUIRE(exit.code == 0);
  return help = process.out();
}

bool IsFlag(const std::string& word) { return word.starts_with("--"); }

}  // namespace

std::string DeployFile(const std::string& name) {
  std::ifstream in(Folder() / name, std::ios::binary);
  if (!in) throw std::runtime_error("no file tools/deploy/" + name);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> DeployFiles(const std::string& folder, const std::string& extension) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Folder() / folder)) {
    if (entry.path().extension() == extension) names.push_back(entry.path().lexically_relative(Folder()).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void CheckCommandLine(const std::vector<std::string>& words) {
  REQUIRE(!words.empty());
  const bool has_subcommand = words.size() > 1 && !IsFlag(words[1]) && words[0] == "call";
  const std::string& help = HelpOf(words[0], has_subcommand ? words[1] : "");
  for (const std::string& word : words) {
    if (!IsFlag(word)) continue;
    INFO("suffice " << words[0] << " has no flag " << word);
    CHECK((help.find(word + " ") != std::string::npos || help.find(word + "\n") != std::string::npos));
  }
}

std::vector<std::string> ValuesOf(const std::vector<std::string>& words, const std::string& flag) {
  std::vector<std::string> values;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == flag) values.push_back(words[i + 1]);
  }
  return values;
}

ShellResult RunShell(const std::string& command) {
  ShellResult result;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("popen");
  std::array<char, 4096> buffer;
  for (size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) result.output.append(buffer.data(), got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
  return result;
}

}  // namespace suffice
