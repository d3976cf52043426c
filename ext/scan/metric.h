// Metric: how two vectors are compared. The scalar functions and the search call the same
// Distance(), so that they agree bit for bit.
#pragma once

#include <cmath>
#include <optional>
#include <string_view>

#include "kernel/kernels.h"
#include "vector/vector.h"

namespace vecgraph {

enum class Metric { kDot, kCosine, kL2, kL1, kHamming };

constexpr const char* kMetricNames = "dot, cosine, l2, l1, hamming";

constexpr const char* NameOf(Metric metric) {
  constexpr const char* kNames[] = {"dot", "cosine", "l2", "l1", "hamming"};
  return kNames[static_cast<int>(metric)];
}

inline std::optional<Metric> FindMetric(std::string_view name) {
  for (const Metric metric :
       {Metric::kDot, Metric::kCosine, Metric::kL2, Metric::kL1, Metric::kHamming}) {
    if (name == NameOf(metric)) return metric;
  }
  return std::nullopt;
}

// Hamming compares bits, and nothing else does.
constexpr bool Fits(Metric metric, ElementType type) {
  return (metric == Metric::kHamming) == (type == ElementType::kBit);
}

// The sum of squares of `v`, as Distance() wants it for cosine.
inline double SelfDot(const KernelTable& kernel, const VectorView& v) {
  if (v.type == ElementType::kFloat32) return kernel.dot_f32(v.data, v.data, v.dims);
  return static_cast<double>(kernel.dot_i8(v.data, v.data, v.dims));
}

// Whether a sum of squares in float32 has neither lost its terms nor overflowed. Then no product of
// two such vectors has, either.
inline bool HoldsInFloat(double square) { return square >= 1e-36 && square <= 3.4028234e38; }

// The cosine distance by sums in double, for vectors whose squares float32 cannot hold. They are of
// float32.
double WideCosine(const VectorView& a, const VectorView& b);

// The distance of `b` from `a`: 0 minus the dot product; 1 - cos, rounded to float32; the root of
// the sum of squares, rounded to float32; the sum of absolute differences; the number of differing
// bits. NaN where there is none (a zero vector has no cosine).
// `self_a` is SelfDot(a) for cosine, else unused.
// REQUIRES: the same type and dims, Fits(metric, type).
inline double Distance(const KernelTable& kernel, Metric metric, const VectorView& a,
                       const VectorView& b, double self_a) {
  const bool is_float = a.type == ElementType::kFloat32;
  const size_t n = a.dims;
  switch (metric) {
    case Metric::kDot:
      return 0.0 - (is_float ? static_cast<double>(kernel.dot_f32(a.data, b.data, n))
                             : static_cast<double>(kernel.dot_i8(a.data, b.data, n)));
    case Metric::kCosine: {
      double dot;
      double self_b;
      if (is_float) {
        const DotNorm sums = kernel.dot_norm_f32(a.data, b.data, n);
        dot = sums.dot;
        self_b = sums.norm;
        if (!HoldsInFloat(self_a) || !HoldsInFloat(self_b)) return WideCosine(a, b);
      } else {
        dot = static_cast<double>(kernel.dot_i8(a.data, b.data, n));
        self_b = SelfDot(kernel, b);
      }
      return static_cast<float>(1.0 - dot / (std::sqrt(self_a) * std::sqrt(self_b)));
    }
    case Metric::kL2:
      return static_cast<float>(
          std::sqrt(is_float ? static_cast<double>(kernel.l2sq_f32(a.data, b.data, n))
                             : static_cast<double>(kernel.l2sq_i8(a.data, b.data, n))));
    case Metric::kL1:
      return is_float ? kernel.l1_f32(a.data, b.data, n)
                      : static_cast<double>(kernel.l1_i8(a.data, b.data, n));
    case Metric::kHamming:
      return static_cast<double>(kernel.hamming(a.data, b.data, a.bytes()));
  }
  return NAN;
}

// Higher is better: 1 - distance for cosine, else minus the distance (so vec_dot for dot). Never
// -0, which would only look odd.
constexpr double ScoreOf(Metric metric, double distance) {
  return (metric == Metric::kCosine ? 1.0 : 0.0) - distance;
}

}  // namespace vecgraph
