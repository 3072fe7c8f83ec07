// A small YAML tree that remembers where everything came from; its parser is the only place that knows yaml-cpp.
// yaml-cpp itself keeps the first of two equal keys in silence, reads 012 as ten and `yes` as true; here every scalar
// stays text, duplicates stay visible, and the decoder decides.
// Thread contract: value types and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"

namespace suffice {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  SourceLocation where;
  std::string text;                // scalar
  bool quoted = false;             // scalar: "5" is a string, 5 is a number
  std::vector<YamlNode> items;     // sequence
  std::vector<YamlEntry> entries;  // map, in the order of the file, duplicates included

  static YamlNode Map();
  static YamlNode Sequence();
  static YamlNode Plain(std::string text);
  static YamlNode Quoted(std::string text);

  // The first entry with that key, or nullptr. Only maps have entries.
  const YamlNode* Find(std::string_view key) const;
  YamlNode* Find(std::string_view key);
};

struct YamlEntry {
  std::string key;
  SourceLocation where;  // of the key
  YamlNode value;
};

// Here, where YamlEntry is complete.
inline YamlNode YamlNode::Map() { return {.kind = Kind::kMap}; }
inline YamlNode YamlNode::Sequence() { return {.kind = Kind::kSequence}; }
inline YamlNode YamlNode::Plain(std::string text) { return {.kind = Kind::kScalar, .text = std::move(text)}; }
inline YamlNode YamlNode::Quoted(std::string text) {
  return {.kind = Kind::kScalar, .text = std::move(text), .quoted = true};
}

// Reads one document. What is not YAML, holds several documents, or is nested deeper than 64 or larger than 100,000
// nodes (aliases written out) is reported to `diagnostics`, and the result is then useless.
YamlNode ParseYamlTree(const std::string& text, Diagnostics& diagnostics);

// The same for an override's value: every location is that of the override.
YamlNode ParseYamlValue(const std::string& text, const SourceLocation& where, Diagnostics& diagnostics);

// Block style, two spaces, keys in order, strings quoted unless they are plain words. Stable: configuration hashes rest
// on it.
std::string WriteYaml(const YamlNode& map);

// "a map", "a list", "nothing", or the text of a scalar, for messages.
std::string Describe(const YamlNode& node);

}  // namespace suffice
