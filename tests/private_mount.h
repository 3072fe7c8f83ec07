// A small file system of a test's own, in memory and seen by this thread and the processes that it starts: one that can
// be full, or read-only, for everybody, root included. Thread contract: the thread that made it.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <string>
#include <utility>

#include "catch.h"

namespace suffice {

class PrivateMount {
 public:
  // False where this process may not mount: it takes root.
  static bool Possible() {
    static const bool possible = ::unshare(CLONE_NEWNS) == 0 &&
                                 ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return possible;
  }

  // Over the folder at `path`, which is empty. REQUIRES: Possible().
  PrivateMount(std::string path, const std::string& size) : path_(std::move(path)) {
    REQUIRE(::mount("none", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0);
  }
  ~PrivateMount() { ::umount2(path_.c_str(), MNT_DETACH); }
  PrivateMount(const PrivateMount&) = delete;
  PrivateMount& operator=(const PrivateMount&) = delete;

  void Resize(const std::string& size) { Remount(0, "size=" + size); }
  // REQUIRES: no file is open for writing.
  void MakeReadOnly() { Remount(MS_RDONLY, ""); }
  void MakeWritable() { Remount(0, ""); }

 private:
  void Remount(unsigned long flags, const std::string& options) {
    REQUIRE(::mount("none", path_.c_str(), "tmpfs", MS_REMOUNT | flags, options.c_str()) == 0);
  }

  const std::string path_;
};

}  // namespace suffice
