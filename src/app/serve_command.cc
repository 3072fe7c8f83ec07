#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "app/commands.h"
#include "app/config_flags.h"
#include "app/logging.h"
#include "app/termination_signals.h"
#include "base/status_macros.h"
#include "service/admin_http.h"
#include "service/http_server.h"
#include "service/router_server.h"
#include "service/server_set_up.h"
#include "suffice/engine.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "answers Route, Outcome, Feedback and Explain over gRPC, and learns";
// A request is more than its prompt: an embedding, features, names.
constexpr int64_t kMessageOverheadBytes = 1 << 20;

struct ServeFlags {
  ConfigFlags config;
  std::string database = "suffice.db";
  std::string listen;
  std::string port_file;
  std::string admin_listen;
  std::string admin_port_file;
  std::string log_format = "text";
  std::string log_level = "info";
  bool insecure_bind = false;
  bool no_reflection = false;
  int64_t max_memory_mb = RouterServerOptions().max_memory_mb;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags(
        "serve",
        "Serves the gRPC API of proto/suffice/v1 until SIGTERM or SIGINT, which let requests in flight finish; a "
        "second one ends it at once. SIGHUP reads the policy file and the keys again; bad ones are refused and the "
        "old ones serve on.",
        "suffice serve --config policies/two_tiers.yaml\n"
        "suffice call route --prompt 'Translate to French: good morning'\n"
        "suffice serve --config policies/two_tiers.yaml --admin-listen 127.0.0.1:7434");
    config.AddTo(flags);
    flags.Add("db", &database, {.value = "FILE", .help = "the SQLite file; created if missing"});
    flags.Add("listen", &listen, {.value = "HOST:PORT", .help = "instead of serve.listen; port 0: any free one"});
    flags.Add("admin-listen", &admin_listen,
              {.value = "HOST:PORT", .help = "instead of serve.admin_listen: metrics, health and status over HTTP"});
    flags.Add("insecure-bind", &insecure_bind,
              {.help = "allow an address that other machines can reach, in plain text"});
    flags.Add("no-reflection", &no_reflection, {.help = "do not describe the API to tools such as grpcurl"});
    flags.Add("max-memory-mb", &max_memory_mb,
              {.value = "N",
               .help = "megabytes of memory, beyond which connections are cut that hold much of it in messages without an end",
               .range = Between(64, 1 << 20)});
    flags.Add("port-file", &port_file, {.value = "FILE", .help = "write the port there once it serves"});
    flags.Add("admin-port-file", &admin_port_file, {.value = "FILE", .help = "the same for the admin port"});
    flags.Add("log-format", &log_format, {.value = "FORMAT", .help = "of standard error", .choices = {"text", "json"}});
    flags.Add("log-level", &log_level,
              {.value = "LEVEL", .help = "least level told", .choices = {"debug", "info", "warning", "error"}});
    return flags.Parse(args, io);
  }

  absl::StatusOr<Config> LoadServed() const {
    ConfigFlags with_listen = config;
    if (!listen.empty()) with_listen.overrides.push_back(fmt::format("serve.listen=\"{}\"", listen));
    if (!admin_listen.empty()) {
      with_listen.overrides.push_back(fmt::format("serve.admin_listen=\"{}\"", admin_listen));
    }
    return with_listen.Load();
  }
};

// In one step, so that a reader never sees half of it.
absl::Status WritePortFile(const std::string& path, int port) {
  const std::string draft = path + ".new";
  std::ofstream file(draft, std::ios::trunc);
  file << port << '\n';
  file.close();
  if (!file || std::rename(draft.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(fmt::format("cannot write the port to {}", path));
  }
  return absl::OkStatus();
}

void LogLines(spdlog::level::level_enum level, std::string_view prefix, std::string_view text) {
  while (!text.empty()) {
    const size_t length = std::min(text.find('\n'), text.size());
    spdlog::log(level, "{}{}", prefix, text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
}

// What the server has taken from the configuration for good.
absl::Status CheckFixedKeys(const ServeConfig& old, const ServeConfig& now) {
  if (old.listen != now.listen) return absl::FailedPreconditionError("serve.listen: cannot change while serving");
  if (old.admin_listen != now.admin_listen) {
    return absl::FailedPreconditionError("serve.admin_listen: cannot change while serving");
  }
  if (old.tls != now.tls) return absl::FailedPreconditionError("serve.tls: its paths cannot change while serving");
  if (old.max_prompt_bytes < now.max_prompt_bytes) {
    return absl::FailedPreconditionError("serve.max_prompt_bytes: cannot grow while serving");
  }
  return absl::OkStatus();
}

// As many connections as are allowed and the process has descriptors for, beside those for the log and the like.
int64_t BoundedConnections(const ServeConfig& serve) {
  constexpr int64_t kOthers = 256;
  const int64_t descriptors = RaiseDescriptorLimit(serve.max_connections + kOthers);
  const int64_t bound = std::min(serve.max_connections, std::max(descriptors - kOthers, descriptors / 2));
  if (bound < serve.max_connections) {
    spdlog::warn("serve.max_connections: {} instead of {}, as the process may open {} files", bound,
                 serve.max_connections, descriptors);
  }
  return bound;
}

// Null when the configuration has none.
absl::StatusOr<std::shared_ptr<const KeyRing>> LoadKeys(const ServeConfig& serve, const KeyRing* previous) {
  if (serve.keys_file.empty()) return nullptr;
  return KeyRing::Load(serve.keys_file, previous);
}

absl::Status Reload(const ServeFlags& flags, const ServeConfig& at_start, Engine& engine, RouterServer& server) {
  SUFFICE_ASSIGN_OR_RETURN(const Config config, flags.LoadServed());
  SUFFICE_RETURN_IF_ERROR(CheckFixedKeys(at_start, config.serve));
  SUFFICE_ASSIGN_OR_RETURN(std::shared_ptr<const KeyRing> keys, LoadKeys(config.serve, server.keys().get()));
  SUFFICE_RETURN_IF_ERROR(engine.Reload(config));
  server.SetKeys(std::move(keys));
  server.SetMaxInFlight(config.serve.max_in_flight);
  server.SetMaxConnections(BoundedConnections(config.serve));
  spdlog::info("reloaded {}: config {}", flags.config.path, engine.Status().config_hash);
  return absl::OkStatus();
}

void ReloadOrKeep(const ServeFlags& flags, const ServeConfig& at_start, Engine& engine, RouterServer& server) {
  const absl::Status status = Reload(flags, at_start, engine, server);
  server.status().NoteReload(status);
  if (status.ok()) return;
  LogLines(spdlog::level::err, "not reloaded: ", std::string(status.message()));
  spdlog::warn("the old configuration serves on: config {}", engine.Status().config_hash);
}

absl::Status Drain(RouterServer& server, Engine& engine) {
  const double drain_s = engine.CurrentConfig().serve.drain_s;
  spdlog::info("draining: at most {} s for requests in flight", drain_s);
  server.Shutdown(absl::Seconds(drain_s));
  SUFFICE_RETURN_IF_ERROR(engine.Close());
  spdlog::info("stopped");
  return absl::OkStatus();
}

// The admin port; null when there shall be none.
absl::StatusOr<std::unique_ptr<HttpServer>> StartAdmin(const ServeFlags& flags, const std::string& listen,
                                                       const ServiceStatus& status) {
  if (listen.empty()) return nullptr;
  SUFFICE_ASSIGN_OR_RETURN(
      std::unique_ptr<HttpServer> admin,
      HttpServer::Start({.listen = listen, .insecure_bind = flags.insecure_bind}, AdminPages(&status)));
  if (!flags.admin_port_file.empty()) {
    SUFFICE_RETURN_IF_ERROR(WritePortFile(flags.admin_port_file, admin->address().port));
  }
  spdlog::info("admin port on http://{}", admin->address().ToString());
  return admin;
}

absl::Status Serve(const ServeFlags& flags, const Config& config) {
  const TerminationSignals signals;
  SUFFICE_ASSIGN_OR_RETURN(const std::shared_ptr<const KeyRing> keys, LoadKeys(config.serve, nullptr));
  SUFFICE_ASSIGN_OR_RETURN(
      const std::unique_ptr<RouterServer> server,
      RouterServer::Start({.listen = config.serve.listen,
                           .insecure_bind = flags.insecure_bind,
                           .reflection = !flags.no_reflection,
                           .max_message_bytes = config.serve.max_prompt_bytes + kMessageOverheadBytes,
                           .max_in_flight = config.serve.max_in_flight,
                           .max_connections = BoundedConnections(config.serve),
                           .max_memory_mb = flags.max_memory_mb,
                           .tls = config.serve.tls,
                           .keys = keys}));
  // Answers from here on, so that a probe can tell a slow start from a dead process.
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<HttpServer> admin,
                           StartAdmin(flags, config.serve.admin_listen, server->status()));
  const auto opened = [&] {
    // There is nothing to drain yet, and a long log may take its time.
    const TerminationSignals::EndAtOnce end_at_once;
    return Engine::Open({.config = config, .database = flags.database});
  }();
  if (!opened.ok()) return opened.status();
  Engine& engine = **opened;
  // The server must let go of the engine before it is closed, whichever way this function ends.
  const auto stop_server = [](RouterServer* running) { running->Shutdown(absl::ZeroDuration()); };
  const std::unique_ptr<RouterServer, decltype(stop_server)> stop(server.get(), stop_server);
  server->Serve(&engine);
  if (!flags.port_file.empty()) SUFFICE_RETURN_IF_ERROR(WritePortFile(flags.port_file, server->address().port));
  spdlog::info("ready on {}: {}, config {}, database {}", server->address().ToString(), config.name,
               engine.Status().config_hash, flags.database);
  while (signals.Wait() == SIGHUP) ReloadOrKeep(flags, config.serve, engine, *server);
  signals.Release();
  return Drain(*server, engine);
}

int Run(const std::vector<std::string>& args, Io& io) {
  ServeFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<Config> config = flags.LoadServed();
  if (!config.ok()) return Fail(io, config.status());
  SetUpLogging(flags.log_format, flags.log_level);
  StopDeadlockDetection();
  const absl::Status status = Serve(flags, *config);
  if (status.ok()) return kExitOk;
  LogLines(spdlog::level::err, "", std::string(status.message()));
  return kExitFailure;
}

}  // namespace

Command ServeCommand() { return {"serve", kSummary, Run}; }

}  // namespace suffice
