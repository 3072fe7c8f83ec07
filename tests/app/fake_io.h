// A command line's world for tests: streams that are kept, and an environment of the test's own.
#pragma once

#include <map>
#include <sstream>
#include <string>

#include "app/command.h"

namespace suffice {

struct FakeIo {
  std::map<std::string, std::string> environment;
  std::ostringstream out;
  std::ostringstream err;
  Io io{.out = out, .err = err, .env = [this](const std::string& name) -> std::optional<std::string> {
          const auto found = environment.find(name);
          if (found == environment.end()) return std::nullopt;
          return found->second;
        }};
};

}  // namespace suffice
