// A feature set turns a sketch into the vector x that every estimate is linear in. Immutable; numbered by a version,
// and statistics of different versions never mix. A better set (static embeddings, say) is a new implementation of
// FeatureSet.
//
// Layout of x: [1 (bias), extras..., own dimensions...], the own dimensions with the most telling first, so that a
// prefix of x is a sensible smaller feature vector.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "features/sketch.h"

namespace suffice {

class FeatureSet {
 public:
  virtual ~FeatureSet() = default;
  virtual std::string_view kind() const = 0;  // "counted" or "svd"
  // Hash of everything that Compute depends on (kind, parameters, extras' layout).
  virtual uint64_t version() const = 0;
  virtual int dimensions() const = 0;  // length of x
  virtual int extras() const = 0;      // how many of them are extras
  // Fills x (dimensions() long). Deterministic; every value is finite and within +-5 (bias 1). No allocation after the
  // first call on a thread.
  virtual void Compute(const Sketch& sketch, std::span<float> x) const = 0;
  virtual std::string DimensionName(int index) const = 0;
  // Bytes for LoadFeatureSet.
  virtual std::string Serialize() const = 0;
};

using FeatureSetPtr = std::shared_ptr<const FeatureSet>;

// Counted properties of the prompt: needs no data. x = [1, extras, the kPropertyCount properties].
FeatureSetPtr MakeCountedFeatures(const FeatureConfig& config);

struct SvdFitOptions {
  int dimensions = 64;  // of the projection, 1 to 512; fewer where the data has a smaller rank
  int power_iterations = 3;
  int oversampling = 16;
  int threads = 2;
  uint64_t seed = 1;
  uint64_t salt = 0;             // that the sketches were made with; recorded
  int64_t max_prompts = 100000;  // a uniform sample (reservoir, seeded) of more is used
};

// Collects sketches in bounded memory, then fits idf and an unsupervised projection (see Project): tf-idf, l2 norm,
// randomised SVD (Halko, Martinsson, Tropp 2011, algorithm 4.4), rows bounded, stored as int8 with a scale per dimension.
// Dimensions are centred on the training prompts and scaled alike, to a mean variance of 0.4, so they keep their
// singular values' proportions; then clipped at +-5. x = [1, extras, five counted properties that filler hardly moves,
// the projection by falling singular value]. At most 2^26 counts (256 MiB) are kept: where prompts are so long that
// max_prompts of them need more, the sample is smaller.
// Thread contract: confined to one thread at a time; Fit starts threads of its own and joins them. The same sketches in
// the same order give the same set, bit for bit, for any number of threads.
class SvdFitter {
 public:
  SvdFitter(const FeatureConfig& config, const SvdFitOptions& options);
  ~SvdFitter();
  void Add(const Sketch& sketch);
  int64_t added() const;
  // FAILED_PRECONDITION with fewer than 2 * dimensions prompts. `progress` (may be empty) gets a fraction in [0, 1].
  absl::StatusOr<FeatureSetPtr> Fit(const std::function<void(double)>& progress = {}) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads Serialize()'s bytes. INVALID_ARGUMENT when malformed, cut, or made for other extras than `config` declares.
absl::StatusOr<FeatureSetPtr> LoadFeatureSet(const std::string& bytes, const FeatureConfig& config);
// The salt that a fitted set was made with; nothing for sets that do not depend on it.
std::optional<uint64_t> SaltOf(const FeatureSet& features);

}  // namespace suffice
