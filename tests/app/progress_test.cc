// The progress bar keeps to one line of the terminal, and out of pipes.
#include "app/progress.h"

#include <string>

#include "catch.h"
#include "fake_io.h"

namespace suffice {
namespace {

// Characters of each drawing, without what moves the cursor and clears the line.
std::vector<size_t> DrawnWidths(const std::string& text) {
  const std::string again = "\r\x1b[K";
  std::vector<size_t> widths;
  for (size_t at = text.find(again); at != std::string::npos;) {
    const size_t begin = at + again.size();
    at = text.find(again, begin);
    size_t width = 0;
    for (const char c : text.substr(begin, at == std::string::npos ? at : at - begin)) width += (c & 0xC0) != 0x80;
    widths.push_back(width);
  }
  return widths;
}

}  // namespace

TEST_CASE("a long note is cut where the terminal ends, and the line is cleared at last") {
  FakeIo fake;
  fake.io.err_is_terminal = true;
  fake.io.err_columns = 40;
  {
    ProgressBar bar(fake.io, "play");
    bar.Show(0.5, "short");
    bar.Show(0.5, "50 %, and a much longer note with an ü and a 語 that never ends");
  }
  CHECK(fake.err.str().find("play [#####.....]  50% short") != std::string::npos);
  CHECK(DrawnWidths(fake.err.str()) == std::vector<size_t>{28, 39, 0});
}

TEST_CASE("nothing is drawn in a pipe") {
  FakeIo fake;
  { ProgressBar(fake.io, "play").Show(0.5, "note"); }
  CHECK(fake.err.str().empty());
}

}  // namespace suffice
