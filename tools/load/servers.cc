#include "servers.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "nanos.h"

namespace suffice::load {
namespace {

constexpr double kStartPatience_s = 120;
constexpr double kStopPatience_s = 120;

absl::StatusOr<Server> Start(const World& world, const std::vector<std::string>& command, const std::string& output) {
  const int64_t start = NowNanos();
  Server server;
  SUFFICE_ASSIGN_OR_RETURN(server.process, Child::Start(command, world.Path(output)));
  SUFFICE_ASSIGN_OR_RETURN(const std::string rest, server.process->WaitForOutput("ready on ", kStartPatience_s));
  server.start_s = Seconds(NowNanos() - start);
  server.address = rest.substr(0, rest.find(": "));
  return server;
}

}  // namespace

absl::StatusOr<Server> StartRouter(const World& world, const std::string& database) {
  return Start(world, {world.suffice, "serve", "--config", world.config_file, "--db", database, "--listen", "127.0.0.1:0"},
               "serve.txt");
}

absl::StatusOr<Server> StartEmpty(const World& world, const std::string& answer_file) {
  return Start(world, {world.self, "empty-server", "--answer", answer_file}, "empty-server.txt");
}

absl::Status StopRouter(Server& server) { return server.process->Stop(kStopPatience_s); }

}  // namespace suffice::load
