// The fake provider (tools/fake_provider) as a child process of a test: it ends when the test does, even when that is
// killed. Nothing here sleeps. Thread contract: belongs to one thread.
#pragma once

#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "suffice/config.h"

extern char** environ;

namespace suffice {

class FakeProvider {
 public:
  // `args`: of the program, see its --help. Returns once it listens; throws when it does not.
  explicit FakeProvider(const std::vector<std::string>& args = {}) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::vector<std::string> copies = args;
    copies.insert(copies.begin(), SUFFICE_FAKE_PROVIDER);
    std::vector<char*> argv;
    for (std::string& arg : copies) argv.push_back(arg.data());
    argv.push_back(nullptr);
    const int error = posix_spawn(&pid_, SUFFICE_FAKE_PROVIDER, &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    stdin_ = in[1];
    const std::string line = error == 0 ? ReadLine(out[0]) : "";
    close(out[0]);
    const size_t url = line.find("http://");
    if (url != std::string::npos) base_url_ = line.substr(url);
    if (base_url_.empty()) Stop();
    if (base_url_.empty()) throw std::runtime_error("the fake provider did not start");
  }
  ~FakeProvider() { Stop(); }
  FakeProvider(const FakeProvider&) = delete;
  FakeProvider& operator=(const FakeProvider&) = delete;

  // "http://127.0.0.1:PORT/v1"
  const std::string& base_url() const { return base_url_; }
  ProviderConfig Config(const std::string& name = "fake") const { return {.name = name, .base_url = base_url_}; }
  // See Ledger::Stats in tools/fake_provider.
  nlohmann::json Stats() const { return nlohmann::json::parse(Get("/stats")); }
  // The body of the newest chat request.
  nlohmann::json LastRequest() const { return nlohmann::json::parse(Get("/last_request")); }
  // Closes its standard input, upon which it ends, and waits for that.
  void Stop() {
    if (stdin_ >= 0) close(stdin_);
    stdin_ = -1;
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  // The body of a GET on the provider's root.
  std::string Get(const std::string& path) const { return Fetch(path, nullptr); }
  // The body of the answer to a POST of JSON.
  std::string Post(const std::string& path, const std::string& body) const { return Fetch(path, &body); }

 private:
  static std::string ReadLine(int fd) {
    std::string line;
    char byte = 0;
    while (read(fd, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
  }

  std::string Fetch(const std::string& path, const std::string* body) const {
    std::string answer;
    CURL* curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, (base_url_.substr(0, base_url_.size() - 3) + path).c_str());
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    if (body != nullptr) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->c_str());
    curl_easy_setopt(
        curl, CURLOPT_WRITEFUNCTION, +[](char* bytes, size_t size, size_t count, void* text) {
          static_cast<std::string*>(text)->append(bytes, size * count);
          return size * count;
        });
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) throw std::runtime_error(std::string("fake provider: ") + curl_easy_strerror(code));
    return answer;
  }

  pid_t pid_ = -1;
  int stdin_ = -1;
  std::string base_url_;
};

}  // namespace suffice
