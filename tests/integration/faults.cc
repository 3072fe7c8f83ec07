#include "integration/faults.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <stdlib.h>
#include <unistd.h>

#include <new>
#include <string>

#include "catch.h"

namespace suffice {

bool Faults::Possible() { return std::string(SUFFICE_SANITIZED).empty(); }

Faults::Faults(const TempFolder& folder) {
  const std::string path = folder.Path("faults");
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  REQUIRE(::ftruncate(file, sizeof(FaultControl)) == 0);
  void* const mapped = ::mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  REQUIRE(mapped != MAP_FAILED);
  control_ = new (mapped) FaultControl;
  ::setenv("LD_PRELOAD", SUFFICE_FAULT_SHIM, 1);
  ::setenv("SUFFICE_FAULTS", path.c_str(), 1);
}

Faults::~Faults() {
  ::unsetenv("LD_PRELOAD");
  ::unsetenv("SUFFICE_FAULTS");
  ::munmap(control_, sizeof(FaultControl));
}

}  // namespace suffice
