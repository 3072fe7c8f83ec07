// suffice_fake_provider: see flags.cc, or --help.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "flags.h"
#include "http_front.h"

namespace suffice::fake {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Ends the loop when standard input does.
class StdinWatch {
 public:
  explicit StdinWatch(asio::io_context& io) : io_(io), stdin_(io) {
    error_code error;
    stdin_.assign(dup(STDIN_FILENO), error);
    // A file or /dev/null cannot be waited for; it is at its end already.
    if (error) {
      io_.stop();
    } else {
      Read();
    }
  }

 private:
  void Read() {
    stdin_.async_read_some(asio::buffer(bytes_), [this](error_code error, size_t) {
      if (error) return io_.stop();
      Read();
    });
  }

  asio::io_context& io_;
  asio::posix::stream_descriptor stdin_;
  char bytes_[256];
};

int Serve(const Settings& settings, AnswerBook book) {
  asio::io_context io{1};
  Service service(std::move(book), settings.service);
  HttpFront front(io, service);
  const int port = front.Listen(settings.port);
  if (port == 0) {
    fmt::print(stderr, "suffice_fake_provider: cannot listen on 127.0.0.1:{}\n", settings.port);
    return 1;
  }
  fmt::print("listening on http://127.0.0.1:{}/v1\n", port);
  std::fflush(stdout);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](error_code, int) { io.stop(); });
  asio::steady_timer lifetime(io, std::chrono::milliseconds(static_cast<int64_t>(settings.max_seconds * 1000)));
  lifetime.async_wait([&](error_code) { io.stop(); });
  std::optional<StdinWatch> watch;
  if (!settings.ignore_stdin) watch.emplace(io);
  io.run();
  return 0;
}

int Main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const absl::StatusOr<Settings> settings = ParseFlags(argc, argv);
  if (!settings.ok()) {
    fmt::print(stderr, "suffice_fake_provider: {}\n", std::string(settings.status().message()));
    return 2;
  }
  if (settings->help) {
    fmt::print("{}", settings->help_text);
    return 0;
  }
  absl::StatusOr<AnswerBook> book = AnswerBook::Read(settings->traffic_file, settings->service.seed);
  if (!book.ok()) {
    fmt::print(stderr, "suffice_fake_provider: --traffic: {}\n", std::string(book.status().message()));
    return 2;
  }
  return Serve(*settings, *std::move(book));
}

}  // namespace
}  // namespace suffice::fake

int main(int argc, char** argv) { return suffice::fake::Main(argc, argv); }
