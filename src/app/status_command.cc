#include <fmt/format.h>
#include <grpcpp/create_channel.h>

#include <chrono>

#include "absl/time/time.h"
#include "app/commands.h"
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
  std::string address = "127.0.0.1:7433";
  double interval_s = 2, timeout_s = 3;
  bool watch = false, json = false;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("status",
                "Shows each limit with what was observed, its state, price and debt; each budget with its pace; each "
                "tier with its share, drift and prices.",
                "suffice status\nsuffice status --watch --interval 1\nsuffice status --json");
    flags.Add("address", &address, {.value = "HOST:PORT", .help = "of the server"})
        .Add("watch", &watch, {.help = "again and again, until interrupted; in place on a terminal"})
        .Add("interval", &interval_s, {.value = "S", .help = "between two looks", .range = Between(0.1, 3600)})
        .Add("timeout-s", &timeout_s,
             {.value = "S", .help = "longest wait for an answer", .range = Between(0.001, 3600)})
        .Add("json", &json, {.help = "as JSON (AdminService.GetStatus); with --watch one line for each look"});
    return flags.Parse(args, io);
  }
};

std::unique_ptr<Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  // A server that comes back is found soon: by default the wait grows to two minutes.
  constexpr int kReconnectMs = 500;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetMaxReceiveMessageSize(-1);
  return v1::AdminService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

absl::StatusOr<Response> Ask(const StatusFlags& flags, Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::microseconds(static_cast<int64_t>(flags.timeout_s * 1e6)));
  Response response;
  const grpc::Status status = stub.GetStatus(&context, {}, &response);
  if (status.ok()) return response;
  return absl::UnavailableError(fmt::format("no answer from {}: {}", flags.address, RpcErrorText(status)));
}

int ShowOnce(const StatusFlags& flags, Io& io) {
  const absl::StatusOr<Response> status = Ask(flags, *Connect(flags.address));
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
  const std::unique_ptr<Stub> stub = Connect(flags.address);
  StatusScreen screen(io);
  do {
    const absl::StatusOr<Response> status = Ask(flags, *stub);
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
