#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "app/call_requests.h"
#include "app/commands.h"
#include "app/rpc_error.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "suffice/v1/router.grpc.pb.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "asks a running server: route, outcome, feedback, explain, status, health";

int PrintJson(const google::protobuf::Message& message, Io& io) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) return Fail(io, absl::InternalError(status.ToString()));
  io.out << text;
  return kExitOk;
}

// Sends the request of `arguments` and prints the answer.
template <typename Service, typename Request, typename Response>
int Call(const CallSpec& spec, const CallArguments& arguments, Io& io,
         grpc::Status (Service::Stub::*rpc)(grpc::ClientContext*, const Request&, Response*), Response* response) {
  Request request;
  const auto parsed = google::protobuf::util::JsonStringToMessage(arguments.request_json, &request);
  if (!parsed.ok()) {
    io.err << fmt::format("suffice call {}: {}\n", spec.rpc, parsed.message().as_string());
    return kExitUsage;
  }
  const absl::StatusOr<Connection> server = arguments.server.Open(io);
  if (!server.ok()) return Fail(io, server.status());
  const auto stub = Service::NewStub(server->channel);
  grpc::ClientContext context;
  server->Prepare(arguments.timeout_s, context);
  const grpc::Status status = (stub.get()->*rpc)(&context, request, response);
  if (!status.ok()) {
    io.err << fmt::format("suffice call {}: {}\n", spec.rpc, RpcErrorText(status));
    return kExitFailure;
  }
  return PrintJson(*response, io);
}

int CallHealth(const CallSpec& spec, const CallArguments& arguments, Io& io) {
  using grpc::health::v1::Health;
  grpc::health::v1::HealthCheckResponse response;
  const int code = Call<Health>(spec, arguments, io, &Health::Stub::Check, &response);
  if (code != kExitOk) return code;
  return response.status() == grpc::health::v1::HealthCheckResponse::SERVING ? kExitOk : kExitFailure;
}

int Dispatch(const CallSpec& spec, const CallArguments& arguments, Io& io) {
  using v1::RouterService;
  using Stub = RouterService::Stub;
  if (spec.rpc == "route") {
    v1::RouteResponse response;
    return Call<RouterService>(spec, arguments, io, &Stub::Route, &response);
  }
  if (spec.rpc == "outcome") {
    v1::OutcomeResponse response;
    return Call<RouterService>(spec, arguments, io, &Stub::Outcome, &response);
  }
  if (spec.rpc == "feedback") {
    v1::FeedbackResponse response;
    return Call<RouterService>(spec, arguments, io, &Stub::Feedback, &response);
  }
  if (spec.rpc == "explain") {
    v1::ExplainResponse response;
    return Call<RouterService>(spec, arguments, io, &Stub::Explain, &response);
  }
  if (spec.rpc == "status") {
    v1::GetStatusResponse response;
    return Call<RouterService>(spec, arguments, io, &Stub::GetStatus, &response);
  }
  return CallHealth(spec, arguments, io);
}

std::string Overview() {
  std::string text =
      "Asks a running server and prints its answer as JSON.\n\nUsage: suffice call RPC [options]\n\nRPCs:\n";
  for (const CallSpec& spec : CallSpecs()) text += fmt::format("  {:<9} {}\n", spec.rpc, spec.summary);
  return text + "\n`suffice call RPC --help` shows the options.\n\nExample:\n  " + CallSpecs().front().example + "\n";
}

int Run(const std::vector<std::string>& args, Io& io) {
  if (args.empty() || args[0] == "--help" || args[0] == "-h") {
    (args.empty() ? io.err : io.out) << Overview();
    return args.empty() ? kExitUsage : kExitOk;
  }
  for (const CallSpec& spec : CallSpecs()) {
    if (spec.rpc != args[0]) continue;
    const ParsedCall parsed = ParseCall(spec, {args.begin() + 1, args.end()}, io);
    if (parsed.exit_code) return *parsed.exit_code;
    return Dispatch(spec, parsed.arguments, io);
  }
  const char* kind = args[0].starts_with("-") ? "unknown flag" : "unknown rpc";
  io.err << fmt::format("suffice call: {} {}\n\n{}", kind, args[0], Overview());
  return kExitUsage;
}

}  // namespace

Command CallCommand() { return {"call", kSummary, Run}; }

}  // namespace suffice
