#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/yaml_tree.h"

namespace suffice {
namespace {

// Words that some YAML reader takes for a boolean or for nothing.
constexpr std::array<std::string_view, 9> kReserved = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};

bool IsPlainWord(std::string_view text) {
  if (text.empty() || !(std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_')) return false;
  const bool safe = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
  });
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return safe && std::find(kReserved.begin(), kReserved.end(), lower) == kReserved.end();
}

std::string StringText(std::string_view text) {
  if (IsPlainWord(text)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

void WriteMap(const YamlNode& map, const std::string& indent, std::string& out);

// What follows "key:" or "-" on the same line, for everything but a map or list with something in it.
std::string InlineText(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kMap:
      return "{}";
    case YamlNode::Kind::kSequence:
      return "[]";
    case YamlNode::Kind::kNull:
      return "~";
    case YamlNode::Kind::kScalar:
      break;
  }
  return node.quoted ? StringText(node.text) : node.text;
}

void WriteSequence(const YamlNode& sequence, const std::string& indent, std::string& out) {
  for (const YamlNode& item : sequence.items) {
    if (item.entries.empty()) {
      out += fmt::format("{}- {}\n", indent, InlineText(item));
      continue;
    }
    // A map begins on the dash's own line, two columns further in.
    std::string lines;
    WriteMap(item, indent + "  ", lines);
    lines[indent.size()] = '-';
    out += lines;
  }
}

void WriteMap(const YamlNode& map, const std::string& indent, std::string& out) {
  for (const YamlEntry& entry : map.entries) {
    out += fmt::format("{}{}:", indent, StringText(entry.key));
    if (entry.value.entries.empty() && entry.value.items.empty()) {
      out += fmt::format(" {}\n", InlineText(entry.value));
      continue;
    }
    out += '\n';
    if (entry.value.kind == YamlNode::Kind::kMap) {
      WriteMap(entry.value, indent + "  ", out);
    } else {
      WriteSequence(entry.value, indent + "  ", out);
    }
  }
}

}  // namespace

std::string WriteYaml(const YamlNode& map) {
  std::string out;
  WriteMap(map, "", out);
  return out;
}

}  // namespace suffice
