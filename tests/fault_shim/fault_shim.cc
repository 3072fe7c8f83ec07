// Preloaded into a server under test: its disk and its clock do what the test says (fault_control.h).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "fault_shim/fault_control.h"

namespace suffice {
namespace {

// Null: no faults are asked for.
FaultControl* Control() {
  static FaultControl* const control = [] {
    const char* const path = std::getenv("SUFFICE_FAULTS");
    const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return static_cast<FaultControl*>(nullptr);
    void* const mapped = ::mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return mapped == MAP_FAILED ? nullptr : static_cast<FaultControl*>(mapped);
  }();
  return control;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// Sockets and pipes stay well.
bool WriteFails(int file) {
  FaultControl* const control = Control();
  const int32_t error = control == nullptr ? 0 : control->write_errno.load();
  struct stat status;
  if (error == 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  errno = error;
  return true;
}

int Sync(int (*sync)(int), int file) {
  FaultControl* const control = Control();
  if (control == nullptr) return sync(file);
  ++control->held;
  while (control->hold_syncs.load() != 0) {
    const timespec millisecond{0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
  --control->held;
  if (const int32_t error = control->sync_errno.load(); error != 0) {
    errno = error;
    return -1;
  }
  const int result = sync(file);
  if (result == 0) ++control->synced;
  return result;
}

}  // namespace
}  // namespace suffice

extern "C" {

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  static const auto next = suffice::Next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return suffice::WriteFails(file) ? -1 : next(file, bytes, size, offset);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  static const auto next = suffice::Next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return suffice::WriteFails(file) ? -1 : next(file, bytes, size, offset);
}

ssize_t write(int file, const void* bytes, size_t size) {
  static const auto next = suffice::Next<ssize_t(int, const void*, size_t)>("write");
  return suffice::WriteFails(file) ? -1 : next(file, bytes, size);
}

int fdatasync(int file) {
  static const auto next = suffice::Next<int(int)>("fdatasync");
  return suffice::Sync(next, file);
}

int clock_gettime(clockid_t clock, timespec* time) {
  static const auto next = suffice::Next<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, time);
  suffice::FaultControl* const control = clock == CLOCK_REALTIME ? suffice::Control() : nullptr;
  if (result == 0 && control != nullptr) time->tv_sec += control->clock_ahead_s.load();
  return result;
}

int fsync(int file) {
  static const auto next = suffice::Next<int(int)>("fsync");
  return suffice::Sync(next, file);
}
}
