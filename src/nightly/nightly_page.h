// A night's report as one HTML page with pictures; needs nothing else, no scripts.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "nightly/evaluations.h"
#include "nightly/gate_evidence.h"
#include "nightly/gate_step.h"
#include "nightly/work_file.h"
#include "suffice/config.h"

namespace suffice {

struct NightlyPageInput {  // all of it outlives the call
  const NightlyRun* run = nullptr;
  const Config* config = nullptr;
  const Evaluations* evaluations = nullptr;
  const GateEvidence* evidence = nullptr;
  const GateOutcome* outcome = nullptr;
  EventLog* log = nullptr;  // for what decisions predicted; may be null
  std::string summary;
};

std::string RenderNightlyPage(const NightlyPageInput& input);

}  // namespace suffice
