// A conversation keeps its tier: what that means for one decision.
// Thread contract: pure functions.
#pragma once

#include "engine/decide.h"
#include "learner/snapshot.h"
#include "suffice/types.h"

namespace suffice {

// Whether the request answers a tool's call: its last message comes from one.
bool IsToolLoop(const RouteRequest& request);

// In a conversation that has a tier (the row's `session_tier`), and in a tool loop of a session, excludes all tiers but
// one, so that nothing is explored there. The conversation keeps its tier unless
//  - it is excluded: then the best score without optimism for new tiers takes over; or
//  - another tier's such score is higher by more than
//      w.quality sessions.switch_gain + (price of a dollar there) (what its cache would have saved on the prompt),
//    the latter 0 where no cached price is configured. Policies random and weighted, which do not go by score, never
//    switch for a gain.
// Does nothing without a session, with sessions.keep_tier off, where the caller chooses, under policy fixed (which
// explores nothing), and while the limits let one tier alone serve. May be called again after more exclusions.
void KeepConversation(const Snapshot& snapshot, const RouteRequest& request, Consideration& consideration);

}  // namespace suffice
