// The one binary. Apart from the room's other files, so that tests can link those with a main of their own.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "app/app.h"

namespace {

// Of what may or may not be a terminal.
suffice::TerminalSize SizeOf(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

std::optional<suffice::TerminalSize> TerminalOf(int descriptor) {
  if (isatty(descriptor) != 1) return std::nullopt;
  return SizeOf(descriptor);
}

}  // namespace

int main(int argc, char** argv) {
  suffice::Io io{
      .out = std::cout,
      .err = std::cerr,
      .env = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
      },
      .err_is_terminal = isatty(STDERR_FILENO) == 1,
      .err_columns = SizeOf(STDERR_FILENO).columns,
      .out_terminal = [] { return TerminalOf(STDOUT_FILENO); },
  };
  const int code = suffice::RunSuffice(std::vector<std::string>(argv + 1, argv + argc), io);
  // A full disk behind a redirection must not look like success.
  if (!std::cout.flush() && code == suffice::kExitOk) {
    std::cerr << "suffice: cannot write to standard output\n";
    return suffice::kExitFailure;
  }
  return code;
}
