#include <cmath>
#include <limits>

#include "catch.h"
#include "features/sketch.h"
#include "suffice/status.h"

namespace suffice {
namespace {

FeatureConfig Declared() {
  FeatureConfig config;
  config.embedding_dimensions = 2;
  config.numeric = {{.name = "turns", .mean = 4, .scale = 2}, {.name = "age"}};
  config.categorical = {{.name = "plan", .values = {"free", "paid"}}};
  return config;
}

std::string FieldOfError(const RouteRequest& request, const FeatureConfig& config = Declared()) {
  const auto extras = EncodeExtras(request, config);
  REQUIRE_FALSE(extras.ok());
  CHECK(extras.status().code() == absl::StatusCode::kInvalidArgument);
  return FieldOf(extras.status()).value_or("");
}

}  // namespace

TEST_CASE("extras come in the declared order, standardised and clipped") {
  const auto extras = EncodeExtras({.embedding = {0.5F, -9},
                                    .numeric_features = {{"age", 100}, {"turns", 6}},
                                    .categorical_features = {{"plan", "paid"}}},
                                   Declared());
  REQUIRE(extras.ok());
  CHECK(*extras == std::vector<float>{0.5F, -5, 1, 5, 0, 1});
  CHECK(ExtrasNames(Declared()) ==
        std::vector<std::string>{"embedding[0]", "embedding[1]", "turns", "age", "plan=free", "plan=paid"});
  CHECK(ExtrasLength(Declared()) == 6);
}

TEST_CASE("what is declared and not sent, and an unknown category, enter as zeros") {
  CHECK(*EncodeExtras({}, Declared()) == std::vector<float>(6, 0.0F));
  CHECK(*EncodeExtras({.categorical_features = {{"plan", "gold"}}}, Declared()) == std::vector<float>(6, 0.0F));
  CHECK(EncodeExtras({}, FeatureConfig())->empty());
}

TEST_CASE("errors in extras name the field") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(FieldOfError({.embedding = {1}}) == "embedding");
  CHECK(FieldOfError({.embedding = {1}}, FeatureConfig()) == "embedding");
  CHECK(FieldOfError({.embedding = {1, static_cast<float>(nan)}}) == "embedding[1]");
  CHECK(FieldOfError({.numeric_features = {{"height", 1}}}) == "numeric_features[height]");
  CHECK(FieldOfError({.numeric_features = {{"age", nan}}}) == "numeric_features[age]");
  CHECK(FieldOfError({.numeric_features = {{"age", 1}, {"turns", 1}, {"age", 1}}}) == "numeric_features[age]");
  CHECK(FieldOfError({.categorical_features = {{"colour", "red"}}}) == "categorical_features[colour]");
  CHECK(FieldOfError({.categorical_features = {{"plan", "free"}, {"plan", "free"}}}) == "categorical_features[plan]");
  CHECK(FieldOfError({.numeric_features = {{std::string(100000, 'n'), 1}}}).size() < 200);
}

}  // namespace suffice
