#include "config/yaml_tree.h"

#include <fmt/format.h>

namespace suffice {
namespace {

template <class Node>
auto* FindIn(Node& node, std::string_view key) {
  for (auto& entry : node.entries) {
    if (entry.key == key) return &entry.value;
  }
  return static_cast<decltype(&node.entries.front().value)>(nullptr);
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const { return FindIn(*this, key); }
YamlNode* YamlNode::Find(std::string_view key) { return FindIn(*this, key); }

std::string Describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  const std::string shown = node.text.size() > 60 ? node.text.substr(0, 57) + "..." : node.text;
  return node.quoted ? fmt::format("\"{}\"", shown) : shown;
}

}  // namespace suffice
