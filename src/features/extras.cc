// What the caller sends beside the text: a ready embedding and named features.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "features/sketch.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr float kLimit = 5;
constexpr size_t kMaxNameInMessage = 100;

std::string Field(std::string_view list, std::string_view name) {
  return fmt::format("{}[{}]", list, name.substr(0, kMaxNameInMessage));
}

float Clip(double value) { return static_cast<float>(std::clamp<double>(value, -kLimit, kLimit)); }

absl::Status EncodeEmbedding(const std::vector<float>& embedding, int dimensions, float* out) {
  if (embedding.empty()) return absl::OkStatus();
  if (embedding.size() != static_cast<size_t>(dimensions)) {
    return InvalidField("embedding", dimensions == 0
                                         ? std::string("none is accepted (features.embedding_dimensions is 0)")
                                         : fmt::format("expected {} numbers, got {}", dimensions, embedding.size()));
  }
  for (size_t i = 0; i < embedding.size(); ++i) {
    if (!std::isfinite(embedding[i])) return InvalidField(fmt::format("embedding[{}]", i), "expected a finite number");
    out[i] = Clip(embedding[i]);
  }
  return absl::OkStatus();
}

absl::Status EncodeNumeric(const RouteRequest& request, const FeatureConfig& config, float* out) {
  std::vector<bool> seen(config.numeric.size());
  for (const auto& [name, value] : request.numeric_features) {
    const auto declared = std::find_if(config.numeric.begin(), config.numeric.end(),
                                       [&name = name](const auto& numeric) { return numeric.name == name; });
    const std::string field = Field("numeric_features", name);
    if (declared == config.numeric.end()) return InvalidField(field, "not declared in features.numeric");
    const auto index = static_cast<size_t>(declared - config.numeric.begin());
    if (seen[index]) return InvalidField(field, "sent twice");
    if (!std::isfinite(value)) return InvalidField(field, "expected a finite number");
    seen[index] = true;
    out[index] = Clip((value - declared->mean) / declared->scale);
  }
  return absl::OkStatus();
}

absl::Status EncodeCategorical(const RouteRequest& request, const FeatureConfig& config, float* out) {
  for (const auto& [name, value] : request.categorical_features) {
    const auto same_name = [&name = name](const auto& other) { return other.name == name; };
    const std::string field = Field("categorical_features", name);
    if (std::none_of(config.categorical.begin(), config.categorical.end(), same_name)) {
      return InvalidField(field, "not declared in features.categorical");
    }
    const auto times = std::count_if(request.categorical_features.begin(), request.categorical_features.end(),
                                     [&name = name](const auto& other) { return other.first == name; });
    if (times > 1) return InvalidField(field, "sent twice");
  }
  for (const auto& categorical : config.categorical) {
    const auto sent = std::find_if(request.categorical_features.begin(), request.categorical_features.end(),
                                   [&](const auto& feature) { return feature.first == categorical.name; });
    for (const std::string& value : categorical.values) {
      *out++ = sent != request.categorical_features.end() && sent->second == value ? 1.0F : 0.0F;
    }
  }
  return absl::OkStatus();
}

}  // namespace

int ExtrasLength(const FeatureConfig& config) {
  size_t length = static_cast<size_t>(config.embedding_dimensions) + config.numeric.size();
  for (const auto& categorical : config.categorical) length += categorical.values.size();
  return static_cast<int>(length);
}

absl::StatusOr<std::vector<float>> EncodeExtras(const RouteRequest& request, const FeatureConfig& config) {
  std::vector<float> extras;
  SUFFICE_RETURN_IF_ERROR(EncodeExtras(request, config, extras));
  return extras;
}

absl::Status EncodeExtras(const RouteRequest& request, const FeatureConfig& config, std::vector<float>& extras) {
  extras.assign(static_cast<size_t>(ExtrasLength(config)), 0.0F);
  float* const numeric = extras.data() + config.embedding_dimensions;
  SUFFICE_RETURN_IF_ERROR(EncodeEmbedding(request.embedding, config.embedding_dimensions, extras.data()));
  SUFFICE_RETURN_IF_ERROR(EncodeNumeric(request, config, numeric));
  return EncodeCategorical(request, config, numeric + config.numeric.size());
}

std::vector<std::string> ExtrasNames(const FeatureConfig& config) {
  std::vector<std::string> names;
  for (int i = 0; i < config.embedding_dimensions; ++i) names.push_back(fmt::format("embedding[{}]", i));
  for (const auto& numeric : config.numeric) names.push_back(numeric.name);
  for (const auto& categorical : config.categorical) {
    for (const std::string& value : categorical.values) names.push_back(fmt::format("{}={}", categorical.name, value));
  }
  return names;
}

std::string RequestText(const RouteRequest& request) {
  std::string text;
  RequestText(request, text);
  return text;
}

void RequestText(const RouteRequest& request, std::string& text) {
  if (request.messages.empty()) {
    text = request.prompt;
    return;
  }
  text.clear();
  for (const Message& message : request.messages) {
    if (!text.empty()) text += '\n';
    text += message.role;
    text += ": ";
    text += message.content;
  }
}

double EstimateTokens(std::string_view text) { return std::max(1.0, static_cast<double>(text.size()) / 4); }

}  // namespace suffice
