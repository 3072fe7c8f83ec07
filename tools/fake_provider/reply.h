// An HTTP answer as pieces of bytes, so that it can be sent slowly, in part, or not at all.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace suffice::fake {

struct Reply {
  double delay_s = 0;               // before the first piece
  double pause_s = 0;               // before each further one
  std::vector<std::string> pieces;  // of the bytes on the wire; none: nothing is ever sent
  bool close = false;               // the connection ends after the last piece
};

using Headers = std::vector<std::pair<std::string, std::string>>;

Reply JsonReply(int status, const std::string& body, const Headers& headers = {});
// {"error": {"message", "type", "code"}} as OpenAI has it.
Reply ErrorReply(int status, const std::string& message, const std::string& code, const Headers& headers = {},
                 const std::string& parameter = "");
// Server-sent events, chunked.
Reply EventReply(const std::vector<std::string>& events);
// The same bytes, one at a time.
Reply Trickled(const Reply& reply, double pause_s);
// The first half of the bytes.
Reply Cut(const Reply& reply);

}  // namespace suffice::fake
