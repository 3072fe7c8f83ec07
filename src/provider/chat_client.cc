#include "provider/chat_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/status_macros.h"
#include "provider/api_key.h"
#include "provider/chat_run.h"
#include "provider/http_attempt.h"
#include "provider/lane.h"

namespace suffice {
namespace {

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

std::string ChatUrl(std::string_view base_url) {
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  return std::string(base_url) + "/chat/completions";
}

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

absl::Status CheckCall(const ChatCall& call, size_t index) {
  if (call.model.empty()) return absl::InvalidArgumentError(fmt::format("calls.{}.model: required", index));
  if (!IsPlainAscii(call.key)) {
    return absl::InvalidArgumentError(fmt::format("calls.{}.key: expected printable ASCII", index));
  }
  return absl::OkStatus();
}

class CurlChatClient final : public ChatClient {
 public:
  CurlChatClient(std::vector<Endpoint> endpoints, const ChatClientOptions& options)
      : endpoints_(std::move(endpoints)),
        options_(options),
        multi_(curl_multi_init()),
        last_starts_(endpoints_.size()) {}

  absl::StatusOr<int64_t> Run(std::span<const ChatCall> calls, Spending& spending, const Done& done) override {
    std::vector<size_t> endpoint_of;
    for (size_t i = 0; i < calls.size(); ++i) {
      SUFFICE_RETURN_IF_ERROR(CheckCall(calls[i], i));
      SUFFICE_ASSIGN_OR_RETURN(const size_t endpoint, FindEndpoint(calls[i].provider));
      endpoint_of.push_back(endpoint);
    }
    std::vector<Lane> lanes;
    for (size_t i = 0; i < endpoints_.size(); ++i) lanes.emplace_back(&endpoints_[i], last_starts_[i]);
    ChatRun run(multi_.get(), options_, calls, endpoint_of, lanes, dialects_, spending, done);
    absl::StatusOr<int64_t> result = run.Run();
    for (size_t i = 0; i < lanes.size(); ++i) last_starts_[i] = lanes[i].last_start();
    return result;
  }

 private:
  absl::StatusOr<size_t> FindEndpoint(const std::string& name) const {
    if (endpoints_.empty()) {
      return absl::InvalidArgumentError("providers: expected at least one, as {name, base_url, api_key_env}");
    }
    std::vector<std::string_view> names;
    for (size_t i = 0; i < endpoints_.size(); ++i) {
      if (name.empty() || endpoints_[i].config.name == name) return i;
      names.push_back(endpoints_[i].config.name);
    }
    return absl::InvalidArgumentError(
        fmt::format("no provider is called \"{}\"; expected one of {}", name, fmt::join(names, ", ")));
  }

  const std::vector<Endpoint> endpoints_;
  const ChatClientOptions options_;
  const std::unique_ptr<CURLM, MultiDeleter> multi_;  // keeps connections from run to run
  std::vector<std::optional<MonotonicTime>> last_starts_;
  ChatRun::Dialects dialects_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChatClient>> ChatClient::Create(const std::vector<ProviderConfig>& providers,
                                                               const ChatClientOptions& options) {
  InitCurl();
  std::vector<Endpoint> endpoints;
  for (const ProviderConfig& provider : providers) {
    SUFFICE_ASSIGN_OR_RETURN(std::string api_key, ReadApiKey(provider));
    endpoints.push_back({.config = provider, .url = ChatUrl(provider.base_url), .api_key = std::move(api_key)});
  }
  return std::make_unique<CurlChatClient>(std::move(endpoints), options);
}

}  // namespace suffice
