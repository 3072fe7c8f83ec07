// One POST over a curl multi handle.
// Thread contract: belongs to one thread.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "provider/chat_reply.h"

namespace suffice {

// One process-wide initialisation of libcurl, on first use.
void InitCurl();

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct HttpRequest {
  std::string url;
  std::string api_key;  // empty: no authorization header
  std::string idempotency_key;
  std::string body;
  double connect_timeout_s = 0;
  double timeout_s = 0;
  size_t max_body_bytes = 0;
};

class HttpAttempt {
 public:
  explicit HttpAttempt(HttpRequest request);
  HttpAttempt(const HttpAttempt&) = delete;
  HttpAttempt& operator=(const HttpAttempt&) = delete;

  CURL* handle() const { return handle_.get(); }
  // What came of it, once curl has said that it is over.
  RawReply Take(CURLcode code);

 private:
  static size_t OnBody(char* bytes, size_t size, size_t count, void* self);
  static size_t OnHeader(char* bytes, size_t size, size_t count, void* self);
  void Configure();
  Transport TransportOf(CURLcode code, bool sent) const;
  std::string ErrorText(CURLcode code, Transport transport) const;

  const HttpRequest request_;
  std::unique_ptr<CURL, CurlDeleter> handle_;
  std::unique_ptr<curl_slist, CurlDeleter> headers_;
  std::string body_;
  std::string retry_after_;
  bool too_large_ = false;
};

}  // namespace suffice
