#include <fmt/format.h>

#include "absl/time/time.h"
#include "app/commands.h"
#include "app/connection.h"
#include "app/flags.h"
#include "app/rpc_error.h"
#include "app/status_screen.h"
#include "app/termination_signals.h"
#include "service/convert_status.h"
#include "suffice/v1/admin.grpc.pb.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "shows how a server's limits, budgets and tiers stand; --watch keeps showing it";

using Response = v1::AdminServiceGetStatusResponse;
using Stub = v1::AdminService::Stub;

struct StatusFlags {
  ConnectionFlags server;
  double interval_s = 2, timeout_s = 3;
  bool watch = false, json = false;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("status",
                "Shows each limit with what was observed, its state, price and debt; each budget with its pace; each "
                "tier with its share, drift and prices.",
                "suffice status\nsuffice status --watch --interval 1\nsuffice status --json");
    server.AddTo(flags);
    flags.Add("watch", &watch, {.help = "again and again, until interrupted; in place on a terminal"})
        .Add("interval", &interval_s, {.value = "S", .help = "between two looks", .range = Between(0.1, 3600)})
        .Add("timeout-s", &timeout_s,
             {.value = "S", .help = "longest wait for an answer", .range = Between(0.001, 3600)})
        .Add("json", &json, {.help = "as JSON (AdminService.GetStatus); with --watch one line for each look"});
    return flags.Parse(args, io);
  }
};

absl::StatusOr<Connection> Connect(const StatusFlags& flags, const Io& io) {
  grpc::ChannelArguments arguments;
  // A server that comes back is found soon: by default the wait grows to two minutes.
  constexpr int kReconnectMs = 500;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetMaxReceiveMessageSize(-1);
  return flags.server.Open(io, arguments);
}

absl::StatusOr<Response> Ask(const StatusFlags& flags, const Connection& server, Stub& stub) {
  grpc::ClientContext context;
  server.Prepare(flags.timeout_s, context);
  Response response;
  const grpc::Status status = stub.GetStatus(&context, {}, &response);
  if (status.ok()) return response;
  return absl::UnavailableError(fmt::format("no answer from {}: {}", server.address, RpcErrorText(status)));
}

int ShowOnce(const StatusFlags& flags, Io& io) {
  const absl::StatusOr<Connection> server = Connect(flags, io);
  if (!server.ok()) return Fail(io, server.status());
  const absl::StatusOr<Response> status = Ask(flags, *server, *v1::AdminService::NewStub(server->channel));
  if (!status.ok()) {
    io.err << "suffice status: " << status.status().message() << '\n';
    return kExitFailure;
  }
  if (flags.json) {
    io.out << ToJson(*status, JsonLayout::kPretty);
  } else {
    StatusScreen(io).Print(*status);
  }
  return kExitOk;
}

// Until a signal ends it.
int Watch(const StatusFlags& flags, Io& io) {
  const TerminationSignals signals;  // before gRPC starts its threads
  const absl::StatusOr<Connection> server = Connect(flags, io);
  if (!server.ok()) return Fail(io, server.status());
  const std::unique_ptr<Stub> stub = v1::AdminService::NewStub(server->channel);
  StatusScreen screen(io);
  do {
    const absl::StatusOr<Response> status = Ask(flags, *server, *stub);
    if (!flags.json) {
      screen.Redraw(status);
    } else if (status.ok()) {
      io.out << ToJson(*status, JsonLayout::kOneLine) << std::endl;
    } else {
      io.err << "suffice status: " << status.status().message() << "; trying again" << std::endl;
    }
  } while (io.out && !signals.WaitFor(absl::Seconds(flags.interval_s)));
  return kExitOk;
}

int Run(const std::vector<std::string>& args, Io& io) {
  StatusFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  return flags.watch ? Watch(flags, io) : ShowOnce(flags, io);
}

}  // namespace

Command StatusCommand() { return {"status", kSummary, Run}; }

}  // namespace suffice
