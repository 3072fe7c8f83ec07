#include "service/admission.h"

#include <fmt/format.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <string_view>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "service/errors.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr char kMetadataKey[] = "authorization";
constexpr std::string_view kScheme = "Bearer ";

// Empty: none, or not exactly one.
std::string_view BearerOf(const grpc::CallbackServerContext& context) {
  const auto [first, last] = context.client_metadata().equal_range(kMetadataKey);
  if (first == last || std::next(first) != last) return {};
  const std::string_view value(first->second.data(), first->second.size());
  if (!absl::StartsWithIgnoreCase({value.data(), value.size()}, {kScheme.data(), kScheme.size()})) return {};
  return value.substr(kScheme.size());
}

// The same words whether there is no key or an unknown one.
absl::Status UnknownKeyError() {
  return WithReason(absl::UnauthenticatedError("expected metadata \"authorization: Bearer KEY\" with a known key"),
                    "UNAUTHENTICATED");
}

absl::Status RevokedKeyError() {
  return WithReason(absl::UnauthenticatedError("the stream's key was revoked or changed; what was not acknowledged may be "
                                               "sent again"),
                    "UNAUTHENTICATED");
}

int64_t NowNanos() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

absl::Status Caller::BindTenant(std::string& tenant) const {
  if (key_ == nullptr || key_->tenant.empty() || key_->tenant == tenant) return absl::OkStatus();
  if (!tenant.empty()) {
    return WithReason(absl::PermissionDeniedError(fmt::format("key {} is of another tenant", key_->name)),
                      "OTHER_TENANT");
  }
  tenant = key_->tenant;
  return absl::OkStatus();
}

absl::Status Caller::TakeToken() const {
  if (key_ == nullptr || key_->bucket == nullptr) return absl::OkStatus();
  const int64_t wait_ns = key_->bucket->Take(NowNanos());
  if (wait_ns == 0) return absl::OkStatus();
  const absl::Status error = absl::ResourceExhaustedError(
      fmt::format("key {} has used up its {} requests a second", key_->name, key_->requests_per_second));
  return WithRetryAfter(WithReason(error, "RATE_LIMITED"), (wait_ns + 999) / 1000);
}

bool Caller::IsIn(const KeyRing* ring) const { return ring == nullptr || (key_ != nullptr && ring->Has(*key_)); }

absl::StatusOr<Caller> Admission::Identify(const grpc::CallbackServerContext& context, unsigned scopes) const {
  if (context.deadline() <= std::chrono::system_clock::now()) return DeadlineExpiredError();
  std::shared_ptr<const KeyRing> ring = keys();
  if (ring == nullptr) return Caller();
  const std::string_view bearer = BearerOf(context);
  const ApiKey* const key = bearer.empty() ? nullptr : ring->Find(bearer);
  if (key == nullptr) return UnknownKeyError();
  if ((key->scopes & scopes) == 0) {
    return WithReason(absl::PermissionDeniedError(
                          fmt::format("key {} lacks the scope that this needs: {}", key->name, ScopeNames(scopes))),
                      "NOT_ALLOWED");
  }
  return Caller(std::move(ring), key);
}

absl::StatusOr<Caller> Admission::Admit(const grpc::CallbackServerContext& context, unsigned scopes) const {
  SUFFICE_ASSIGN_OR_RETURN(Caller caller, Identify(context, scopes));
  SUFFICE_RETURN_IF_ERROR(caller.TakeToken());
  return caller;
}

std::shared_ptr<const KeyRing> Admission::keys() const {
  absl::ReaderMutexLock lock(&mutex_);
  return keys_;
}

void Admission::SetKeys(std::shared_ptr<const KeyRing> keys) {
  std::vector<End> ends;
  {
    absl::MutexLock lock(&mutex_);
    keys_ = std::move(keys);
    for (auto watched = watched_.begin(); watched != watched_.end();) {
      if (watched->second.caller.IsIn(keys_.get())) {
        ++watched;
        continue;
      }
      ends.push_back(std::move(watched->second.end));
      watched = watched_.erase(watched);
    }
  }
  for (const End& end : ends) end(RevokedKeyError());
}

int64_t Admission::Watch(const Caller& caller, End end) {
  {
    absl::MutexLock lock(&mutex_);
    if (caller.IsIn(keys_.get())) {
      watched_.emplace(++last_watch_, Watched{caller, std::move(end)});
      return last_watch_;
    }
  }
  end(RevokedKeyError());
  return 0;
}

void Admission::Unwatch(int64_t watch) {
  absl::MutexLock lock(&mutex_);
  watched_.erase(watch);
}

}  // namespace suffice
