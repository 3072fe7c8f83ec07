// A write-ahead log whose end is lost or garbled, as after a power cut: what was acknowledged before that place is there.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "catch.h"
#include "log/log_testing.h"

namespace suffice {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kRows = 150;

// How long the write-ahead log was when row n (from 1) was acknowledged.
using Lengths = std::vector<uintmax_t>;

// A log as a killed process leaves it, nothing of it checkpointed.
Lengths WriteAndLeave(const std::string& path, const std::string& left) {
  const auto log = OpenForTest({.path = path});
  Lengths lengths = {0};
  for (uint32_t n = 1; n <= kRows; ++n) {
    const DecisionRecord decision = TestDecision(n);
    Append(*log, decision);
    REQUIRE(Record(*log, TestFeedback(decision, fmt::format("f{}", n))).ok());
    lengths.push_back(fs::file_size(path + "-wal"));
  }
  for (const char* suffix : {"", "-wal"}) fs::copy_file(path + suffix, left + suffix);
  REQUIRE(log->Close().ok());
  return lengths;
}

// How many rows there are, from the first; ends the test where one is missing in between, or only half there.
uint32_t RowsOf(EventLog& log) {
  uint32_t rows = 0;
  bool gapless = true;
  REQUIRE(log.ScanDecisions(0, 1 << 20, [&](const DecisionRecord& decision) {
               gapless &= decision.id == TestId(++rows);
               return true;
             }).ok());
  CHECK(gapless);
  uint32_t with_feedback = 0;
  const auto tail = log.ReadTail({}, 1 << 20);
  REQUIRE(tail.ok());
  for (const ObservedDecision& observed : tail->touched) with_feedback += observed.feedback.size() == 1;
  CHECK(with_feedback <= rows);
  return with_feedback;
}

void CheckRowsBefore(uintmax_t place, const Lengths& lengths, const std::string& path) {
  INFO("place " << place);
  const auto log = OpenForTest({.path = path});
  const uint32_t rows = RowsOf(*log);
  uint32_t acknowledged = 0;
  while (acknowledged < kRows && lengths[acknowledged + 1] <= place) ++acknowledged;
  CHECK(rows >= acknowledged);
  CHECK(rows <= acknowledged + 1);  // one more may have been on its way
  // It goes on.
  const DecisionRecord next = TestDecision(kRows + 1);
  Append(*log, next);
  CHECK(Record(*log, TestFeedback(next, "next")).ok());
  CHECK(log->Close().ok());
}

void FlipBits(const std::string& path, uintmax_t place) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(place));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(place));
  file.put(static_cast<char>(byte ^ 0x5a));
}

}  // namespace

TEST_CASE("a write-ahead log cut or garbled at any place keeps what was acknowledged before it", "[log]") {
  const TempDir folder;
  const std::string left = folder.File("left.db");
  const Lengths lengths = WriteAndLeave(folder.File("log.db"), left);
  std::mt19937 random(5);
  std::vector<uintmax_t> places = {0, 1, 31, 32, lengths.back() - 1, lengths.back()};
  for (int i = 0; i < 10; ++i) places.push_back(lengths[1 + random() % kRows]);  // between two transactions
  for (int i = 0; i < 24; ++i) places.push_back(random() % lengths.back());
  for (const uintmax_t place : places) {
    for (const bool cut : {true, false}) {
      if (!cut && place == lengths.back()) continue;
      const std::string path = folder.File(fmt::format("{}-{}.db", place, cut));
      for (const char* suffix : {"", "-wal"}) {
        fs::copy_file(left + suffix, path + suffix, fs::copy_options::overwrite_existing);
      }
      cut ? fs::resize_file(path + "-wal", place) : FlipBits(path + "-wal", place);
      CheckRowsBefore(place, lengths, path);
    }
  }
}

}  // namespace suffice
