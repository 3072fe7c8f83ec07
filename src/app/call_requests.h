// `suffice call`: the flags of each rpc, and the JSON request they make.
// Thread contract: pure data and functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/command.h"
#include "app/connection.h"

namespace suffice {

// A flag that fills one field of the request.
struct RequestFlag {
  std::string flag;
  std::string field;  // in the request's JSON
  std::string value;  // name of the value in the help; empty: a switch that sets `prefix`
  std::string help;
  std::string prefix = "";  // of an enum's values: "CALL_STATUS_" makes "ok" CALL_STATUS_OK
  bool repeated = false;
};

struct CallSpec {
  std::string rpc;  // as typed: "route"
  std::string summary;
  std::string example;
  std::vector<RequestFlag> flags;
};

const std::vector<CallSpec>& CallSpecs();

// What was typed for one rpc.
struct CallArguments {
  ConnectionFlags server;
  double timeout_s = 10;
  std::string request_json;  // --json with the other flags' fields put in
};

// Reads the flags. An exit code when the command shall end here (help, wrong usage).
struct ParsedCall {
  CallArguments arguments;
  std::optional<int> exit_code;
};
ParsedCall ParseCall(const CallSpec& spec, const std::vector<std::string>& args, Io& io);

}  // namespace suffice
