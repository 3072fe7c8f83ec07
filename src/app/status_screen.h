// Where `suffice status` draws: in place on a terminal, one view after the other in a pipe.
// Thread contract: not thread-safe; lives in one command's run.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "app/command.h"
#include "suffice/v1/admin.pb.h"

namespace suffice {

class StatusScreen {
 public:
  // Draws on io.out, with colour if that is a terminal and NO_COLOR is not set. `io` outlives the screen.
  explicit StatusScreen(Io& io);

  // One view.
  void Print(const v1::AdminServiceGetStatusResponse& status);
  // A view in the place of the one before. An error is told above the last view that there was; in a pipe once, on
  // io.err, until an answer comes again.
  void Redraw(const absl::StatusOr<v1::AdminServiceGetStatusResponse>& status);

 private:
  void DrawInPlace(const absl::Status& error, TerminalSize size);
  void PrintNext(const absl::StatusOr<v1::AdminServiceGetStatusResponse>& status);

  Io& io_;
  const bool colour_;
  std::optional<v1::AdminServiceGetStatusResponse> last_;
  int drawn_lines_ = 0;   // of the view in place
  bool is_lost_ = false;  // the last question got no answer
};

}  // namespace suffice
