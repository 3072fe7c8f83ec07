// A subcommand of the command line, and the world as it sees it, which tests replace.
// Thread contract: plain data.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace suffice {

enum ExitCode : int { kExitOk = 0, kExitFailure = 1, kExitUsage = 2 };

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};

// Streams and environment of one run. Results go to `out`; errors and progress go to `err`.
struct Io {
  std::ostream& out;
  std::ostream& err;
  std::function<std::optional<std::string>(const std::string& name)> env;
  bool err_is_terminal = false;  // progress bars only then
  int err_columns = 80;          // of that terminal
  // The size of the terminal that `out` is, as it is now; nothing, or no function: it is none.
  std::function<std::optional<TerminalSize>()> out_terminal = nullptr;
};

struct Command {
  std::string name;
  std::string summary;  // one line, for `suffice --help`
  // `args`: what follows the name. Returns an ExitCode.
  std::function<int(const std::vector<std::string>& args, Io& io)> run;
};

// Writes the status' message to io.err and returns kExitFailure. Errors of policy files come as "file:line:column: ..."
// and stay that way.
int Fail(Io& io, const absl::Status& status);

}  // namespace suffice
