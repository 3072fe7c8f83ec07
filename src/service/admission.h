// The one place where an rpc is admitted: its deadline, its key, the key's scope and rate, and the bound on what is in
// flight. Health and reflection do not come here: they are open to everybody.
// Thread contract: thread-safe.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "service/in_flight.h"
#include "service/key_ring.h"

namespace suffice {

// Who calls. Holds the key as it was when the rpc began.
class Caller {
 public:
  Caller() = default;  // may do everything: there are no keys
  Caller(std::shared_ptr<const KeyRing> ring, const ApiKey* key) : ring_(std::move(ring)), key_(key) {}

  // The key's name; empty where there are no keys.
  std::string KeyName() const { return key_ == nullptr ? std::string() : key_->name; }
  // Puts the key's tenant where none is named. PERMISSION_DENIED (OTHER_TENANT) where another one is.
  absl::Status BindTenant(std::string& tenant) const;
  // One more request of the key: RESOURCE_EXHAUSTED (RATE_LIMITED) with the time until there is a token.
  absl::Status TakeToken() const;
  // Whether `ring` (null: there are no keys) lets it do what it may now.
  bool IsIn(const KeyRing* ring) const;

 private:
  std::shared_ptr<const KeyRing> ring_;
  const ApiKey* key_ = nullptr;  // of the ring
};

class Admission {
 public:
  // `keys`: null: everybody may do everything.
  Admission(int64_t max_in_flight, std::shared_ptr<const KeyRing> keys)
      : in_flight_(max_in_flight), keys_(std::move(keys)) {}

  // `scopes`: the key must have one of them. DEADLINE_EXCEEDED; UNAUTHENTICATED for no key or one that is not known;
  // PERMISSION_DENIED (NOT_ALLOWED) for one without the scope.
  absl::StatusOr<Caller> Identify(const grpc::CallbackServerContext& context, unsigned scopes) const;
  // The same, and takes the rpc as one request of its key.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context, unsigned scopes) const;

  InFlight& in_flight() { return in_flight_; }
  std::shared_ptr<const KeyRing> keys() const;
  // For rpcs that begin from now on; those that are watched and whose key is revoked or changed are ended.
  void SetKeys(std::shared_ptr<const KeyRing> keys);

  // For an rpc that lasts: `end` runs once when its key is revoked or changed (at once if it is already), on the thread
  // that sets the keys, perhaps just after Unwatch. Returns what Unwatch takes.
  using End = std::function<void(const absl::Status& why)>;
  int64_t Watch(const Caller& caller, End end);
  void Unwatch(int64_t watch);

 private:
  InFlight in_flight_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const KeyRing> keys_ ABSL_GUARDED_BY(mutex_);
  struct Watched {
    Caller caller;
    End end;
  };
  std::map<int64_t, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  int64_t last_watch_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace suffice
