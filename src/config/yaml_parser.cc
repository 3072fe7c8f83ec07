// yaml-cpp's parser reports events; this makes a YamlNode of them. yaml-cpp's own tree is not used: it joins aliases
// into a graph, and its YAML::LoadAll never ends on text after the document that is none, such as a stray comma
// (https://github.com/jbeder/yaml-cpp/pull/1319).
#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

#include "config/yaml_tree.h"

namespace suffice {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr int kMaxNodes = 100'000;

std::string TooMany() { return fmt::format("more than {} values", kMaxNodes); }
std::string TooDeep() { return fmt::format("nested deeper than {} levels", kMaxDepth); }

int CountNodes(const YamlNode& node) {
  int count = 1;
  for (const YamlNode& item : node.items) count += CountNodes(item);
  for (const YamlEntry& entry : node.entries) count += CountNodes(entry.value);
  return count;
}

// Builds one document's tree. Aliases are copied out, which the bounds keep finite.
class TreeBuilder final : public YAML::EventHandler {
 public:
  // With `override_at`, every location is that one.
  TreeBuilder(const SourceLocation* override_at, Diagnostics& diagnostics)
      : override_at_(override_at), diagnostics_(diagnostics), root_{.where = At(YAML::Mark::null_mark())} {}

  YamlNode TakeRoot() { return std::move(root_); }
  // Of the document.
  const SourceLocation& start() const { return start_; }

  SourceLocation At(const YAML::Mark& mark) const {
    if (override_at_ != nullptr) return *override_at_;
    return {.line = mark.is_null() ? 1 : mark.line + 1, .column = mark.is_null() ? 1 : mark.column + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = At(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { Complete({.where = At(mark)}, anchor); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node{.kind = YamlNode::Kind::kScalar, .where = At(mark), .text = value};
    // yaml-cpp's tag for what is quoted, or in a block, is "!".
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!node.quoted) CheckTag(node.where, tag);
    Complete(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) return Stop(At(mark), "an alias inside what it stands for");
    nodes_ += CountNodes(found->second);
    if (nodes_ > kMaxNodes) return Stop(At(mark), TooMany());
    Complete(found->second, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  // Reports the trouble, if it is the first of its kind, and takes no more events.
  void Stop(const SourceLocation& where, const std::string& reason) {
    if (!stopped_) diagnostics_.Add(where, "", reason);
    stopped_ = true;
  }

 private:
  // A list or map that is not complete yet.
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;  // map: read, its value not yet
  };

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (stopped_) return;
    const SourceLocation where = At(mark);
    if (open_.size() >= kMaxDepth) return Stop(where, TooDeep());
    CheckTag(where, tag);
    open_.push_back({.node = {.kind = kind, .where = where}, .anchor = anchor});
  }

  void Close() {
    if (stopped_) return;
    Frame frame = std::move(open_.back());
    open_.pop_back();
    Complete(std::move(frame.node), frame.anchor);
  }

  // Puts a complete value where it belongs.
  void Complete(YamlNode node, YAML::anchor_t anchor) {
    if (stopped_) return;
    if (++nodes_ > kMaxNodes) return Stop(node.where, TooMany());
    if (anchor != 0) anchored_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = open_.back();
    if (frame.node.kind == YamlNode::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.key.has_value()) {
      frame.key = std::move(node);
    } else {
      AddEntry(frame, std::move(node));
    }
  }

  void AddEntry(Frame& frame, YamlNode value) {
    const YamlNode key = std::move(*frame.key);
    frame.key.reset();
    if (key.kind != YamlNode::Kind::kScalar) {
      diagnostics_.Add(key.where, "", "expected a plain word as key, got " + Describe(key));
      return;
    }
    // yaml-cpp places an absent value at whatever follows it.
    if (value.kind == YamlNode::Kind::kNull) value.where = key.where;
    frame.node.entries.push_back({key.text, key.where, std::move(value)});
  }

  void CheckTag(const SourceLocation& where, const std::string& tag) {
    if (tag.empty() || tag == "?") return;
    diagnostics_.Add(where, "", fmt::format("expected no YAML tag, got \"{}\"", tag));
  }

  const SourceLocation* const override_at_;
  Diagnostics& diagnostics_;
  YamlNode root_;
  SourceLocation start_;
  std::vector<Frame> open_;  // outermost first
  std::map<YAML::anchor_t, YamlNode> anchored_;
  int nodes_ = 0;
  bool stopped_ = false;
};

YamlNode Parse(const std::string& text, const SourceLocation* override_at, Diagnostics& diagnostics) {
  TreeBuilder builder(override_at, diagnostics);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Diagnostics ignored("");
    TreeBuilder rest(override_at, ignored);
    if (parser.HandleNextDocument(builder) && parser.HandleNextDocument(rest)) {
      diagnostics.Add(rest.start(), "", "expected one YAML document and nothing after it");
    }
  } catch (const YAML::DeepRecursion& error) {
    builder.Stop(builder.At(error.mark), TooDeep());
  } catch (const YAML::Exception& error) {
    diagnostics.Add(builder.At(error.mark), "", fmt::format("not valid YAML: {}", error.msg));
  }
  return builder.TakeRoot();
}

}  // namespace

YamlNode ParseYamlTree(const std::string& text, Diagnostics& diagnostics) { return Parse(text, nullptr, diagnostics); }

YamlNode ParseYamlValue(const std::string& text, const SourceLocation& where, Diagnostics& diagnostics) {
  return Parse(text, &where, diagnostics);
}

}  // namespace suffice
