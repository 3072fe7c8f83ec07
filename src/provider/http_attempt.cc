#include "provider/http_attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/match.h"

namespace suffice {
namespace {

constexpr absl::string_view kRetryAfter = "retry-after:";

long Milliseconds(double seconds) { return std::max(1L, static_cast<long>(seconds * 1000)); }

curl_slist* Headers(const HttpRequest& request) {
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
  list = curl_slist_append(list, "Accept: application/json");
  list = curl_slist_append(list, "Expect:");  // no round trip before the body
  if (!request.idempotency_key.empty()) {
    list = curl_slist_append(list, ("Idempotency-Key: " + request.idempotency_key).c_str());
  }
  if (!request.api_key.empty()) list = curl_slist_append(list, ("Authorization: Bearer " + request.api_key).c_str());
  return list;
}

// A proxy of the environment's is for the world outside.
bool IsLoopback(std::string_view url) {
  const size_t scheme = url.find("://");
  const std::string_view host = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

}  // namespace

void InitCurl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

HttpAttempt::HttpAttempt(HttpRequest request)
    : request_(std::move(request)), handle_(curl_easy_init()), headers_(Headers(request_)) {
  Configure();
}

void HttpAttempt::Configure() {
  CURL* curl = handle_.get();
  const bool secure = request_.url.starts_with("https:");
  curl_easy_setopt(curl, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);  // the key is for this host alone
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(curl, CURLOPT_PIPEWAIT, secure ? 1L : 0L);  // rather share an HTTP/2 connection than open one
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_.body.data());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "suffice/" SUFFICE_VERSION);
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request_.connect_timeout_s));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout_s));
  if (IsLoopback(request_.url)) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &HttpAttempt::OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &HttpAttempt::OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
}

size_t HttpAttempt::OnBody(char* bytes, size_t size, size_t count, void* self) {
  auto* attempt = static_cast<HttpAttempt*>(self);
  const size_t length = size * count;
  if (attempt->body_.size() + length > attempt->request_.max_body_bytes) {
    attempt->too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  attempt->body_.append(bytes, length);
  return length;
}

size_t HttpAttempt::OnHeader(char* bytes, size_t size, size_t count, void* self) {
  const absl::string_view line(bytes, size * count);
  if (absl::StartsWithIgnoreCase(line, kRetryAfter)) {
    static_cast<HttpAttempt*>(self)->retry_after_ = std::string(line.substr(kRetryAfter.size()));
  }
  return line.size();
}

Transport HttpAttempt::TransportOf(CURLcode code, bool sent) const {
  if (too_large_) return Transport::kTooLarge;
  switch (code) {
    case CURLE_OK:
      return Transport::kWhole;
    case CURLE_OPERATION_TIMEDOUT:
      return Transport::kTimeout;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Transport::kUnreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Transport::kBroken;
    default:
      return sent ? Transport::kCut : Transport::kUnreachable;
  }
}

std::string HttpAttempt::ErrorText(CURLcode code, Transport transport) const {
  switch (transport) {
    case Transport::kWhole:
      return "";
    case Transport::kTimeout:
      return fmt::format("no whole answer within {} s", request_.timeout_s);
    case Transport::kTooLarge:
      return fmt::format("expected an answer of at most {} bytes, got more", request_.max_body_bytes);
    case Transport::kCut:
      return fmt::format("the connection broke off: {}", curl_easy_strerror(code));
    case Transport::kUnreachable:
    case Transport::kBroken:
      return fmt::format("cannot connect: {}", curl_easy_strerror(code));
  }
  return "";
}

RawReply HttpAttempt::Take(CURLcode code) {
  RawReply reply;
  curl_off_t total_us = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_TOTAL_TIME_T, &total_us);
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &reply.http_status);
  curl_off_t sending_us = 0;  // when sending began
  curl_easy_getinfo(handle_.get(), CURLINFO_PRETRANSFER_TIME_T, &sending_us);
  reply.sent = sending_us > 0;
  reply.transport = TransportOf(code, reply.sent);
  reply.transport_error = ErrorText(code, reply.transport);
  reply.body = std::move(body_);
  reply.retry_after = std::move(retry_after_);
  reply.latency_ms = static_cast<double>(total_us) * 1e-3;
  return reply;
}

}  // namespace suffice
