#include "app/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string_view>

#include "app/commands.h"
#include "config/nearest.h"

namespace suffice {
namespace {

std::string Overview(const std::vector<Command>& commands) {
  std::string text =
      "Sends each prompt to the cheapest model tier that suffices, and learns online which one that is.\n\n"
      "Usage: suffice COMMAND [options]\n\nCommands:\n";
  size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.name.size());
  for (const Command& command : commands) text += fmt::format("  {:<{}}  {}\n", command.name, width, command.summary);
  text +=
      "\n`suffice COMMAND --help` shows a command's options and an example; `suffice --version` the version.\n"
      "Every option can also be set in the environment: --log-level is SUFFICE_LOG_LEVEL.\n"
      "Exit codes: 0 ok, 1 failure, 2 wrong usage.\n";
  return text;
}

int UnknownCommand(const std::string& name, const std::vector<Command>& commands, Io& io) {
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  io.err << fmt::format("suffice: no command is called \"{}\"; {}\n", name, SuggestWord(name, names));
  return kExitUsage;
}

int RunGuarded(const Command& command, const std::vector<std::string>& args, Io& io) {
  try {
    return command.run(args, io);
  } catch (const std::exception& error) {
    io.err << fmt::format("suffice {}: internal error: {}\n", command.name, error.what());
    return kExitFailure;
  }
}

}  // namespace

int RunSuffice(const std::vector<std::string>& args, Io& io) {
  const std::vector<Command> commands = AllCommands();
  if (args.empty()) {
    io.err << Overview(commands);
    return kExitUsage;
  }
  const std::string& name = args[0];
  if (name == "--help" || name == "-h") {
    io.out << Overview(commands);
    return kExitOk;
  }
  if (name == "--version") {
    io.out << "suffice " SUFFICE_VERSION "\n";
    return kExitOk;
  }
  for (const Command& command : commands) {
    if (command.name == name) return RunGuarded(command, {args.begin() + 1, args.end()}, io);
  }
  return UnknownCommand(name, commands, io);
}

int Fail(Io& io, const absl::Status& status) {
  io.err << std::string(status.message()) << '\n';
  return kExitFailure;
}

}  // namespace suffice
