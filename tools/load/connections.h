// Several connections to one server, as several clients would have.
// Thread contract: immutable; the stubs are thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "suffice/v1/router.grpc.pb.h"

namespace suffice::load {

class Connections {
 public:
  // REQUIRES: count >= 1.
  Connections(const std::string& address, int count);
  // Of connection i modulo their number.
  v1::RouterService::Stub* stub(size_t i) const { return stubs_[i % stubs_.size()].get(); }

 private:
  std::vector<std::unique_ptr<v1::RouterService::Stub>> stubs_;
};

}  // namespace suffice::load
