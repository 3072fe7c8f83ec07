// What the tests of tools/deploy have in common: its files, and whether a command line that one of them has is one that
// the program takes.
// Thread contract: one thread.
#pragma once

#include <string>
#include <vector>

#include "catch.h"

namespace suffice {

// The text of a file of tools/deploy.
std::string DeployFile(const std::string& name);
// Those of a folder of tools/deploy with this extension, by name.
std::vector<std::string> DeployFiles(const std::string& folder, const std::string& extension);

// Checks that `words`, without the program's name, is a command of the program with flags that it has.
void CheckCommandLine(const std::vector<std::string>& words);
// What follows `flag` in `words`; each time it is there.
std::vector<std::string> ValuesOf(const std::vector<std::string>& words, const std::string& flag);

struct ShellResult {
  int code = -1;
  std::string output;  // both streams
};
ShellResult RunShell(const std::string& command);

}  // namespace suffice
