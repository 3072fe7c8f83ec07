#include "app/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <map>
#include <string_view>

#include "app/flag_values.h"
#include "config/nearest.h"

namespace suffice {
namespace {

namespace po = boost::program_options;

// Pieces between semicolons, empty ones left out.
std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const size_t length = std::min(text.find(';'), text.size());
    if (length > 0) pieces.emplace_back(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return pieces;
}

// Two columns; a left one that is too wide gets a line to itself.
std::string HelpLine(std::string_view left, std::string_view right) {
  constexpr size_t kColumn = 28;
  if (left.size() > kColumn) return fmt::format("  {}\n  {:<{}}  {}\n", left, "", kColumn, right);
  return fmt::format("  {:<{}}  {}\n", left, kColumn, right);
}

bool IsList(const FlagTarget& target) { return std::holds_alternative<std::vector<std::string>*>(target); }

}  // namespace

struct Flags::Given {
  bool help = false;
  std::string error;
  std::map<std::string, std::vector<std::string>> values;
  std::vector<std::string> positionals;
};

Flags::Flags(std::string command, std::string summary, std::string example)
    : command_(std::move(command)), summary_(std::move(summary)), example_(std::move(example)) {}

Flags& Flags::Add(std::string name, FlagTarget target, FlagOptions options) {
  flags_.push_back({std::move(name), target, std::move(options)});
  return *this;
}

Flags& Flags::AddPositional(std::string name, std::string* target, std::string help) {
  positionals_.push_back({std::move(name), target, std::move(help)});
  return *this;
}

std::optional<int> Flags::Parse(const std::vector<std::string>& args, Io& io) const {
  const Given given = ReadArguments(args);
  if (given.help) {
    io.out << Help();
    return kExitOk;
  }
  std::vector<std::string> errors;
  if (!given.error.empty()) {
    errors.push_back(given.error);
  } else {
    for (const Flag& flag : flags_) TakeFlag(flag, given, io, errors);
    TakePositionals(given, errors);
  }
  if (errors.empty()) return std::nullopt;
  for (const std::string& error : errors) io.err << fmt::format("suffice {}: {}\n", command_, error);
  io.err << fmt::format("{}\nSee `suffice {} --help`.\n", UsageLine(), command_);
  return kExitUsage;
}

// Boost only splits the command line; values are read by SetFlagValue, so that flags and variables get the same words.
Flags::Given Flags::ReadArguments(const std::vector<std::string>& args) const {
  Given given;
  po::options_description known;
  known.add_options()("help,h", "");
  for (const Flag& flag : flags_) {
    if (std::holds_alternative<bool*>(flag.target)) {
      known.add_options()(flag.name.c_str(), "");
    } else {
      known.add_options()(flag.name.c_str(), po::value<std::string>(), "");
    }
  }
  try {
    // No guessing: a prefix that is unique today may not be tomorrow.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    for (const auto& option : po::command_line_parser(args).options(known).style(style).run().options) {
      if (option.string_key == "help") {
        given.help = true;
      } else if (option.position_key >= 0) {
        given.positionals.insert(given.positionals.end(), option.value.begin(), option.value.end());
      } else {
        given.values[option.string_key].push_back(option.value.empty() ? "true" : option.value[0]);
      }
    }
  } catch (const po::unknown_option& error) {
    given.error = UnknownFlag(error.get_option_name());
  } catch (const po::error& error) {
    given.error = error.what();
  }
  return given;
}

std::string Flags::UnknownFlag(const std::string& dashed) const {
  std::vector<std::string> known = {"--help"};
  for (const Flag& flag : flags_) known.push_back("--" + flag.name);
  const std::string_view nearest = NearestWord(dashed, std::vector<std::string_view>(known.begin(), known.end()));
  return nearest.empty() ? fmt::format("unknown flag {}", dashed)
                         : fmt::format("unknown flag {}; did you mean {}?", dashed, nearest);
}

void Flags::TakeFlag(const Flag& flag, const Given& given, const Io& io, std::vector<std::string>& errors) const {
  std::string source = "--" + flag.name;
  std::vector<std::string> texts;
  if (const auto found = given.values.find(flag.name); found != given.values.end()) {
    texts = found->second;
    if (texts.size() > 1 && !IsList(flag.target)) errors.push_back(source + ": given more than once");
  } else if (const std::optional<std::string> value = io.env(EnvironmentName(flag.name)); value && !value->empty()) {
    source = EnvironmentName(flag.name);
    texts = IsList(flag.target) ? SplitList(*value) : std::vector<std::string>{*value};
  }
  if (texts.empty()) {
    if (!flag.options.required) return;
    errors.push_back(fmt::format("--{} is required (or {})", flag.name, EnvironmentName(flag.name)));
    return;
  }
  const std::string expected = SetFlagValue(flag.target, flag.options, texts);
  if (!expected.empty()) errors.push_back(fmt::format("{}: expected {}, got \"{}\"", source, expected, texts.back()));
}

void Flags::TakePositionals(const Given& given, std::vector<std::string>& errors) const {
  for (size_t i = 0; i < positionals_.size(); ++i) {
    if (i < given.positionals.size()) {
      *positionals_[i].target = given.positionals[i];
    } else {
      errors.push_back(positionals_[i].name + " is required");
    }
  }
  if (given.positionals.size() > positionals_.size()) {
    errors.push_back(fmt::format("unexpected argument \"{}\"", given.positionals[positionals_.size()]));
  }
}

std::string Flags::UsageLine() const {
  std::string line = "Usage: suffice " + command_;
  for (const Positional& positional : positionals_) line += " " + positional.name;
  for (const Flag& flag : flags_) {
    if (flag.options.required) line += fmt::format(" --{} {}", flag.name, flag.options.value);
  }
  return line + " [options]";
}

std::string Flags::Help() const {
  std::string text = fmt::format("{}\n\n{}\n", summary_, UsageLine());
  if (!positionals_.empty()) text += "\nArguments:\n";
  for (const Positional& positional : positionals_) text += HelpLine(positional.name, positional.help);
  text += "\nOptions, each with the environment variable that also sets it:\n";
  for (const Flag& flag : flags_) text += FlagHelp(flag);
  text += HelpLine("--help", "shows this") + "\nExample:\n";
  for (std::string_view rest = example_; !rest.empty();) {
    const size_t length = std::min(rest.find('\n'), rest.size());
    text += fmt::format("  {}\n", rest.substr(0, length));
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  return text;
}

std::string Flags::FlagHelp(const Flag& flag) {
  const bool is_switch = std::holds_alternative<bool*>(flag.target);
  std::string right = flag.options.help;
  if (!flag.options.choices.empty()) right += fmt::format(": {}", fmt::join(flag.options.choices, ", "));
  const std::string standard = FlagDefault(flag.target);
  if (!standard.empty()) right += fmt::format(" (default: {})", standard);
  if (flag.options.required) right += " (required)";
  if (IsList(flag.target)) right += "; may be given several times";
  const std::string_view separator = IsList(flag.target) ? ", separated by ';'" : "";
  return HelpLine(is_switch ? "--" + flag.name : fmt::format("--{} {}", flag.name, flag.options.value), right) +
         HelpLine("", EnvironmentName(flag.name) + std::string(separator));
}

std::string Flags::EnvironmentName(const std::string& flag) {
  std::string name = "SUFFICE_" + flag;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

}  // namespace suffice
