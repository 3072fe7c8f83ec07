// Tells ThreadSanitizer what Abseil's locks do. Debian's Abseil is not compiled for it, so without this every use of an
// absl::Mutex looks like a race. The functions below take the place of the library's in test programs of the preset
// `tsan`: they call the library's and note who hands over to whom.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdlib>
#include <string>

#include "absl/base/options.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
// gRPC and protobuf are not compiled for it either, and hand memory over by atomics of their own: messages, and errors,
// which gRPC's timer ends with an absl::Status of another thread. So does Abseil's search for deadlocks. (A race of ours that has one of their frames on its
// stack goes unseen, too.)
const char* __tsan_default_suppressions() {
  return "race:libgrpc.so\nrace:libgrpc++.so\nrace:libgpr.so\nrace:libprotobuf.so\nrace:libupb.so\n"
         "race:libabsl_status.so\nrace:libabsl_cord.so\nrace:libabsl_graphcycles_internal.so\n";
}
}

namespace {

#define SUFFICE_TEXT_OF(x) #x
#define SUFFICE_TEXT(x) SUFFICE_TEXT_OF(x)

// The library's function of this name, mangled from after the namespace on. Members take `this` first.
template <typename Function>
Function* Library(const std::string& name, const char* prefix = "_ZN") {
  const std::string space = SUFFICE_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  void* const found = dlsym(RTLD_NEXT, (prefix + ("4absl" + std::to_string(space.size())) + space + name).c_str());
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function*>(found);
}

// While the library runs it may evaluate other threads' conditions, under a lock whose release was already noted.
class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

// Gives the lock up and has it again after.
template <typename Call>
auto Reacquire(void* mutex, Call call) {
  __tsan_release(mutex);
  struct Acquire {
    void* mutex;
    ~Acquire() { __tsan_acquire(mutex); }
  } acquire{mutex};
  IgnoreReads ignore;
  return call();
}

}  // namespace

void absl::Mutex::Lock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex4LockEv");
  real(this);
  __tsan_acquire(this);
}

void absl::Mutex::Unlock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex6UnlockEv");
  __tsan_release(this);
  IgnoreReads ignore;
  real(this);
}

void absl::Mutex::LockWhen(const Condition& condition) {
  static auto* const real = Library<void(Mutex*, const Condition&)>("5Mutex8LockWhenERKNS0_9ConditionE");
  {
    IgnoreReads ignore;
    real(this, condition);
  }
  __tsan_acquire(this);
}

bool absl::Mutex::TryLock() {
  static auto* const real = Library<bool(Mutex*)>("5Mutex7TryLockEv");
  const bool locked = real(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void absl::Mutex::ReaderLock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex10ReaderLockEv");
  real(this);
  __tsan_acquire(this);
}

void absl::Mutex::ReaderUnlock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex12ReaderUnlockEv");
  __tsan_release(this);
  IgnoreReads ignore;
  real(this);
}

void absl::Mutex::Await(const Condition& condition) {
  static auto* const real = Library<void(Mutex*, const Condition&)>("5Mutex5AwaitERKNS0_9ConditionE");
  Reacquire(this, [&] { real(this, condition); });
}

bool absl::Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static auto* const real =
      Library<bool(Mutex*, const Condition&, Duration)>("5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Reacquire(this, [&] { return real(this, condition, timeout); });
}

void absl::CondVar::Wait(Mutex* mutex) {
  static auto* const real = Library<void(CondVar*, Mutex*)>("7CondVar4WaitEPNS0_5MutexE");
  Reacquire(mutex, [&] { real(this, mutex); });
}

bool absl::CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static auto* const real = Library<bool(CondVar*, Mutex*, Time)>("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Reacquire(mutex, [&] { return real(this, mutex, deadline); });
}

void absl::Notification::Notify() {
  static auto* const real = Library<void(Notification*)>("12Notification6NotifyEv");
  __tsan_release(this);
  real(this);
}

void absl::Notification::WaitForNotification() const {
  static auto* const real = Library<void(const Notification*)>("12Notification19WaitForNotificationEv", "_ZNK");
  real(this);
  __tsan_acquire(const_cast<Notification*>(this));
}
