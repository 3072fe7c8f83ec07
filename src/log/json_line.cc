#include "log/json_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

// nlohmann keeps the last of two equal keys without a word; this watches the parse and remembers the first such key.
class DuplicateKeys {
 public:
  bool operator()(Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) open_objects_.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects_.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!open_objects_.back().insert(key).second && !found_) {
        found_ = true;
        key_ = key;
      }
    }
    return true;
  }
  bool found() const { return found_; }
  const std::string& key() const { return key_; }

 private:
  std::vector<std::set<std::string>> open_objects_;
  bool found_ = false;
  std::string key_;
};

// The reason out of "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ...", made
// printable.
std::string ParseReason(const std::string& what) {
  const size_t column = what.find("column ");
  const size_t colon = what.find(": ", column == std::string::npos ? 0 : column);
  std::string reason = colon == std::string::npos ? what : what.substr(colon + 2);
  if (reason.size() > 160) reason = reason.substr(0, 160) + "...";
  const auto unprintable = [](char c) { return std::isprint(static_cast<unsigned char>(c)) == 0; };
  std::replace_if(reason.begin(), reason.end(), unprintable, '?');
  return reason;
}

}  // namespace

LineRead ReadBoundedLine(std::istream& in, size_t max_bytes, std::string& line) {
  constexpr int kEof = std::char_traits<char>::eof();
  line.clear();
  std::streambuf& buffer = *in.rdbuf();
  int c = buffer.sbumpc();
  if (c == kEof) return LineRead::kEnd;
  bool too_long = false;
  for (; c != kEof && c != '\n'; c = buffer.sbumpc()) {
    if (line.size() < max_bytes) {
      line.push_back(static_cast<char>(c));
    } else {
      too_long = true;
    }
  }
  if (too_long) return LineRead::kTooLong;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return LineRead::kLine;
}

absl::StatusOr<Json> ParseJsonLine(const std::string& line) {
  DuplicateKeys duplicates;
  try {
    Json value =
        Json::parse(line, [&](int, Json::parse_event_t event, Json& parsed) { return duplicates(event, parsed); });
    if (duplicates.found()) {
      return absl::InvalidArgumentError(fmt::format("key {} stands twice in one object", ShortJson(duplicates.key())));
    }
    return value;
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(fmt::format("column {}: not JSON: {}", error.byte, ParseReason(error.what())));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("not JSON: {}", ParseReason(error.what())));
  }
}

std::string ShortJson(const Json& value) {
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace suffice
