// The command line as a function.
// Thread contract: called once, from main; tests may call it as often as they like, one at a time.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace suffice {

// Runs `suffice ARGS...` (without the program's name) and returns its exit code: 0 ok, 1 failure, 2 usage. An exception
// that escapes a command is reported and counts as failure.
int RunSuffice(const std::vector<std::string>& args, Io& io);

}  // namespace suffice
