// Do the tiers that were drawn match the propensities that were logged? A chi-squared test that allows every decision
// its own propensity vector, also one that depends on what happened before.
// Thread contract: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace suffice {

class PropensityCheck {
 public:
  // Of `tiers` choices, some of which may have propensity 0 in a decision.
  explicit PropensityCheck(size_t tiers);

  // Adds one decision. REQUIRES: propensities.size() == tiers, chosen < tiers.
  void Add(const std::vector<double>& propensities, size_t chosen);
  // Adds what another check of the same tiers saw.
  void Merge(const PropensityCheck& other);

  struct Result {
    int64_t decisions = 0;
    double statistic = 0;
    int degrees_of_freedom = 0;
    double p_value = 1;  // P(chi-squared >= statistic); 0 if a tier of propensity 0 was drawn; 1 if nothing is random
    double largest_sum_error = 0;  // max |sum(p) - 1|
  };
  // The statistic is D^T V^+ D with D = sum(onehot - p), V = sum(diag(p) - p p^T) and as many degrees of freedom as V
  // has rank. That sees only totals: a sampler that draws by another decision's vector has the right ones. So D has
  // one more component, sum(p_chosen - p^T p): is the tier that was drawn as likely as it should be? It adds a degree
  // of freedom where vectors differ between decisions.
  //
  // Tiers whose variance is below 5 draws are tested together, as the approximation needs: as one cell, or with the
  // most varied tier if they do not reach 5 together. The same bound holds for the added component.
  Result Evaluate() const;

 private:
  size_t tiers_;
  int64_t decisions_ = 0;
  bool impossible_ = false;
  double largest_sum_error_ = 0;
  std::vector<double> difference_;  // D
  std::vector<double> covariance_;  // V, tiers x tiers
  double likelihood_ = 0;           // the added component of D
  double likelihood_variance_ = 0;
  std::vector<double> likelihood_covariance_;  // with each tier
};

}  // namespace suffice
