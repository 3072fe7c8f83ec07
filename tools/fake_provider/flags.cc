#include "flags.h"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <sstream>

#include "absl/strings/numbers.h"

namespace suffice::fake {
namespace {

namespace po = boost::program_options;

constexpr char kIntro[] =
    "A small OpenAI-compatible provider on loopback that answers from recorded traffic, fails when told to, and plays "
    "the judge.\nIt prints its base URL, and ends when its standard input closes, at SIGTERM, or after "
    "--max-seconds.\n\nExample:\n  suffice_fake_provider --traffic rows.jsonl --judge-noise 0.05 "
    "--fail kind=429,retry_after=0.05,every=7\n  curl URL/chat/completions -d "
    "'{\"model\": \"small\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}'\n\nOptions";

struct Lists {
  std::vector<std::string> failures;
  std::vector<std::string> biases;  // NAME=+0.10
};

po::options_description Describe(Settings& settings, Lists& lists) {
  ServiceOptions& service = settings.service;
  RefereeOptions& referee = service.referee;
  po::options_description options(kIntro, 120);
  auto add = options.add_options();
  add("help", po::bool_switch(&settings.help), "this");
  add("port", po::value(&settings.port)->default_value(0), "0: a free one");
  add("traffic", po::value(&settings.traffic_file), "recorded traffic, JSON Lines; without it answers are made up");
  add("latency-scale", po::value(&service.latency_scale)->default_value(0), "times the recorded latency; 0: at once");
  add("api-key", po::value(&service.api_key), "required of every caller as a bearer token");
  add("fail", po::value(&lists.failures)->composing(), FailureHelp().c_str());
  add("no-idempotency", "bills every request, whatever its Idempotency-Key");
  add("strict-parameters", po::bool_switch(&service.strict_parameters),
      "refuses max_tokens (for max_completion_tokens) and a temperature, as the newest models do");
  add("judge-model", po::value(&referee.model)->default_value("judge"), "requests for it are judged");
  add("judge-noise", po::value(&referee.noise)->default_value(0), "standard deviation, in units of quality");
  add("judge-bias", po::value(&lists.biases)->composing(), "MODEL=+0.10, added to its quality; may be repeated");
  add("judge-first-bonus", po::value(&referee.first_bonus)->default_value(0), "pairwise: for the answer shown first");
  add("judge-tie", po::value(&referee.tie)->default_value(0.02), "pairwise: a smaller difference is a tie");
  add("seed", po::value(&service.seed)->default_value(1), "of tokens, noise and chance failures");
  add("max-seconds", po::value(&settings.max_seconds)->default_value(600), "then it ends by itself");
  add("ignore-stdin", po::bool_switch(&settings.ignore_stdin), "goes on when standard input is closed");
  return options;
}

absl::Status ReadBias(const std::string& text, RefereeOptions& referee) {
  const size_t equals = text.rfind('=');
  double bias = 0;
  std::string number = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (number.starts_with('+')) number.erase(0, 1);
  if (!absl::SimpleAtod(number, &bias)) {
    return absl::InvalidArgumentError(fmt::format("--judge-bias: expected MODEL=NUMBER, got {}", text));
  }
  referee.bias[text.substr(0, equals)] = bias;
  return absl::OkStatus();
}

absl::Status ReadLists(const Lists& lists, ServiceOptions& service) {
  for (const std::string& text : lists.failures) {
    const absl::StatusOr<Failure> failure = ParseFailure(text);
    if (!failure.ok()) {
      return absl::InvalidArgumentError(fmt::format("--fail {}: {}", text, std::string(failure.status().message())));
    }
    service.failures.push_back(*failure);
  }
  for (const std::string& text : lists.biases) {
    if (const absl::Status status = ReadBias(text, service.referee); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Settings> ParseFlags(int argc, char** argv) {
  Settings settings;
  Lists lists;
  const po::options_description options = Describe(settings, lists);
  try {
    po::variables_map values;
    po::store(po::command_line_parser(argc, argv).options(options).run(), values);
    po::notify(values);
    settings.service.idempotent = !values.contains("no-idempotency");
  } catch (const po::error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  std::ostringstream help;
  help << options;
  settings.help_text = help.str();
  settings.service.referee.seed = settings.service.seed;
  if (const absl::Status status = ReadLists(lists, settings.service); !status.ok()) return status;
  return settings;
}

}  // namespace suffice::fake
