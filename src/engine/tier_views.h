// The tiers as one request sees them: whether each may serve it, and what a call would be like.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "features/sketch.h"
#include "learner/snapshot.h"
#include "suffice/types.h"

namespace suffice {

// What a request becomes before tiers are looked at.
struct Prepared {
  std::string text;
  Sketch sketch;
  std::vector<float> x;
  double input_tokens = 0;  // estimated from the text's length
};

// Where to write what one tier would mean for the request.
struct TierOffer {
  TierView& view;              // eligibility and estimates, no score yet
  TierPrediction& prediction;  // of a warm tier; with intervals only where a limit on this one call's cost needs them
  int64_t& max_output_tokens;  // the longest answer to ask for; 0: any
};
// Writes all of `offer`, whatever it held. `cold`: the call would have to wait for the tier's start. Allocates nothing
// for a tier that may serve, once the view's strings are long enough. REQUIRES: the request was checked.
void OfferOf(const Snapshot& snapshot, size_t index, const RouteRequest& request, int64_t time_us, bool cold,
             const Prepared& prepared, const TierOffer& offer);

}  // namespace suffice
