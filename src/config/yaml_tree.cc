#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

namespace suffice {
namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 100'000;

// Copies yaml-cpp's graph into a tree. Aliases are written out, which the two bounds keep finite.
class TreeBuilder {
 public:
  // With `override_at`, every location is that one.
  TreeBuilder(const SourceLocation* override_at, Diagnostics& diagnostics)
      : override_at_(override_at), diagnostics_(diagnostics) {}

  YamlNode Build(const YAML::Node& node, int depth) {
    YamlNode result;
    result.where = At(node.Mark());
    if (depth > kMaxDepth) {
      Stop(result.where, fmt::format("nested deeper than {} levels", kMaxDepth));
    } else if (++nodes_ > kMaxNodes) {
      Stop(result.where, fmt::format("more than {} values", kMaxNodes));
    }
    if (stopped_) return result;
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        BuildScalar(node, result);
        break;
      case YAML::NodeType::Sequence:
        result.kind = YamlNode::Kind::kSequence;
        for (const YAML::Node& item : node) result.items.push_back(Build(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        result.kind = YamlNode::Kind::kMap;
        for (const auto& entry : node) BuildEntry(entry.first, entry.second, depth, result);
        break;
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return result;
  }

  SourceLocation At(const YAML::Mark& mark) const {
    if (override_at_ != nullptr) return *override_at_;
    return {.line = mark.is_null() ? 1 : mark.line + 1, .column = mark.is_null() ? 1 : mark.column + 1};
  }

 private:
  void BuildScalar(const YAML::Node& node, YamlNode& result) {
    result.kind = YamlNode::Kind::kScalar;
    result.text = node.Scalar();
    const std::string& tag = node.Tag();
    result.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!result.quoted && !tag.empty() && tag != "?") {
      diagnostics_.Add(result.where, "", fmt::format("expected no YAML tag, got \"{}\"", tag));
    }
  }

  void BuildEntry(const YAML::Node& key, const YAML::Node& value, int depth, YamlNode& result) {
    if (!key.IsScalar()) {
      diagnostics_.Add(At(key.Mark()), "", "expected a plain word as key");
      return;
    }
    YamlEntry entry{key.Scalar(), At(key.Mark()), Build(value, depth + 1)};
    // yaml-cpp places an absent value at whatever follows it.
    if (entry.value.kind == YamlNode::Kind::kNull) entry.value.where = entry.where;
    result.entries.push_back(std::move(entry));
  }

  void Stop(const SourceLocation& where, const std::string& reason) {
    if (!stopped_) diagnostics_.Add(where, "", reason);
    stopped_ = true;
  }

  const SourceLocation* const override_at_;
  Diagnostics& diagnostics_;
  int nodes_ = 0;
  bool stopped_ = false;
};

YamlNode Parse(const std::string& text, const SourceLocation* override_at, Diagnostics& diagnostics) {
  TreeBuilder builder(override_at, diagnostics);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() == 1) return builder.Build(documents[0], 0);
    if (documents.size() > 1) diagnostics.Add(builder.At(documents[1].Mark()), "", "expected one YAML document");
  } catch (const YAML::DeepRecursion& error) {
    diagnostics.Add(builder.At(error.mark), "", fmt::format("nested deeper than {} levels", kMaxDepth));
  } catch (const YAML::Exception& error) {
    diagnostics.Add(builder.At(error.mark), "", fmt::format("not valid YAML: {}", error.msg));
  }
  return {.where = builder.At(YAML::Mark::null_mark())};
}

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

YamlNode ParseYamlTree(const std::string& text, Diagnostics& diagnostics) {
  return Parse(text, nullptr, diagnostics);
}

YamlNode ParseYamlValue(const std::string& text, const SourceLocation& where, Diagnostics& diagnostics) {
  return Parse(text, &where, diagnostics);
}

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
