// The flags of a subcommand, from the command line and from the environment.
//
//   std::string config;
//   int64_t seed = 1;
//   Flags flags("replay", "Runs a policy over recorded traffic.", "suffice replay --config policies/two_tiers.yaml");
//   flags.Add("config", &config, {.value = "FILE", .help = "the policy file", .required = true});
//   flags.Add("seed", &seed, {.value = "N", .help = "of the shuffle"});
//   if (const std::optional<int> code = flags.Parse(args, io)) return *code;
//
// --log-level is also read from SUFFICE_LOG_LEVEL; the flag wins, and an empty variable counts as not set. A wrong
// value is told with the name of the flag or of the variable that it came from.
// Thread contract: not thread-safe; lives in one command's run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/command.h"
#include "config/range.h"

namespace suffice {

// Where a flag's value goes. What is there beforehand is the default, shown by --help. A bool is a switch without a
// value; a vector collects a flag given several times (in the environment separated by ';').
using FlagTarget = std::variant<bool*, std::string*, int*, int64_t*, double*, std::vector<std::string>*>;

struct FlagOptions {
  std::string value;  // name of the value in the help, for example "FILE"; not used by switches
  std::string help;
  bool required = false;
  Range range = AnyNumber();         // of numbers
  std::vector<std::string> choices;  // of strings; empty: any
};

class Flags {
 public:
  // `summary`: a sentence or two; `example`: complete command lines, separated by newlines.
  Flags(std::string command, std::string summary, std::string example);

  // `name` without dashes. `target` must outlive Parse.
  Flags& Add(std::string name, FlagTarget target, FlagOptions options);
  // An argument without a name, required; several are taken in the order of the calls.
  Flags& AddPositional(std::string name, std::string* target, std::string help);

  // Fills the targets. Returns the exit code when the command shall end here: kExitOk after --help, kExitUsage after
  // errors (all told on io.err).
  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) const;

  std::string Help() const;
  // "SUFFICE_LOG_LEVEL" for "log-level".
  static std::string EnvironmentName(const std::string& flag);

 private:
  struct Flag {
    std::string name;
    FlagTarget target;
    FlagOptions options;
  };
  struct Positional {
    std::string name;
    std::string* target;
    std::string help;
  };
  struct Given;  // what stood on the command line

  Given ReadArguments(const std::vector<std::string>& args) const;
  void TakeFlag(const Flag& flag, const Given& given, const Io& io, std::vector<std::string>& errors) const;
  void TakePositionals(const Given& given, std::vector<std::string>& errors) const;
  std::string UnknownFlag(const std::string& dashed) const;
  std::string UsageLine() const;
  static std::string FlagHelp(const Flag& flag);

  const std::string command_;
  const std::string summary_;
  const std::string example_;
  std::vector<Flag> flags_;
  std::vector<Positional> positionals_;
};

}  // namespace suffice
