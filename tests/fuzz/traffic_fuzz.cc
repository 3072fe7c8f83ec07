// Any text as a file of recorded traffic: what is accepted can be priced, and written and read again.
#include <fstream>
#include <string>

#include "evaluation/traffic.h"
#include "fuzz/require.h"
#include "temp_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  static const TempFolder folder;
  const std::string path = folder.Path("traffic.jsonl"), copy = folder.Path("copy.jsonl");
  std::ofstream(path, std::ios::binary) << std::string_view(reinterpret_cast<const char*>(data), size);
  const auto traffic = ReadTraffic(path);
  if (!traffic.ok()) {
    SUFFICE_REQUIRE(traffic.status().code() == absl::StatusCode::kInvalidArgument);
    return 0;
  }
  const std::vector<Tier> tiers = TiersFromTraffic(*traffic);
  SUFFICE_REQUIRE(tiers.size() == traffic->tier_names.size());
  SUFFICE_REQUIRE(WriteTraffic(*traffic, copy).ok());
  const auto again = ReadTraffic(copy, traffic->tier_names);
  SUFFICE_REQUIRE(again.ok());
  SUFFICE_REQUIRE(again->rows.size() == traffic->rows.size());
  for (size_t i = 0; i < again->rows.size(); ++i) {
    SUFFICE_REQUIRE(again->rows[i].prompt == traffic->rows[i].prompt);
    SUFFICE_REQUIRE(again->rows[i].tiers[0].quality == traffic->rows[i].tiers[0].quality);
  }
  return 0;
}
