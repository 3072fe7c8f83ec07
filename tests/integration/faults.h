// The disk and the clock of servers that are started while this lives, as the test wants them: through a library that is
// preloaded into them (fault_shim/). Thread contract: the faults are thread-safe; made and ended by one thread.
#pragma once

#include "fault_shim/fault_control.h"
#include "temp_folder.h"

namespace suffice {

class Faults {
 public:
  // `folder` outlives it.
  explicit Faults(const TempFolder& folder);
  ~Faults();
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  // False where nothing can be preloaded: beside a sanitizer, which wants to come first.
  static bool Possible();
  FaultControl* operator->() { return control_; }

 private:
  FaultControl* control_ = nullptr;
};

}  // namespace suffice
