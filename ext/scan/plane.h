// Plane: rows of floats as codes of 8 and of 4 bits, and what a code can be wrong by.
//
// A row x is moved to v = x - center, turned by an orthogonal matrix R (signs, then a few steps of
// butterflies: it spreads the energy over the dimensions, so that one scale fits all of them), and
// written as scale * code + e. For a query q whose turned form is t * h + f with codes h,
//
//   <q, x> = <q, center> + t * scale * <h, code>  +  <f, scale * code> + <Rq, e>
//
// and by Cauchy and Schwarz the last two are at most |f| |scale * code| + |q| |e|. The norms are
// stored with the row, rounded up, with room for every rounding of float32 in between. So each row
// has an upper bound of its exact score, and a search may drop it when that lies below the k-th
// best lower bound: what remains is scored exactly (scan/matrix_search.h).
//
// The same holds for what the scalar functions compute in float32, which is what a search ranks:
// the room covers their rounding too. A row or query whose norm is outside [1e-12, 1e15], where
// float32 could overflow or vanish, has no bound: such a row is always scored.
//
// Every metric is brought to a key, larger for nearer rows:
//   dot <q, x>; cosine <q, x> / |x|; l2 <q, x> - |x|^2 / 2.
// Threads: constant once made.
#pragma once

#include <cstdint>
#include <vector>

#include "kernel/kernels.h"
#include "scan/metric.h"

namespace vecgraph {

// Whether the metric has a key.
constexpr bool HasPlaneKey(Metric metric) {
  return metric == Metric::kDot || metric == Metric::kCosine || metric == Metric::kL2;
}

// The numbers of one metric and one number of bits, an array each, by row.
struct PlaneNumbers {
  float* scale = nullptr;
  float* error = nullptr;
};

// Where the codes and numbers of a stretch of rows lie.
struct PlaneRows {
  uint8_t* codes8 = nullptr;
  uint8_t* codes4 = nullptr;
  PlaneNumbers dot8, dot4;        // also for l2
  PlaneNumbers cosine8, cosine4;  // those of dot, divided by the row's norm
  float* inverse = nullptr;       // 1 / norm
  float* half_square = nullptr;   // norm^2 / 2, rounded down

  static constexpr size_t kNumbers = 10;  // floats per row
};

// The orthogonal matrix and the center.
class PlaneBasis {
 public:
  // `sample` are `count` finite rows; with none, the center is the origin.
  PlaneBasis(size_t dims, const float* const* sample, size_t count);

  size_t dims() const { return dims_; }
  // The number of codes of a row: dims, rounded up to whole blocks.
  size_t padded() const { return signs_.size(); }
  double CenterDot(const float* query) const;

  // Writes the codes and numbers of `row` at `index` of `rows`. `scratch` holds 2 * padded()
  // floats.
  void Encode(const KernelTable& kernel, const float* row, float* scratch, PlaneRows* rows,
              size_t index) const;
  // R * x, `out` being padded() floats; `scratch` as many.
  void Turn(const KernelTable& kernel, const float* x, bool centered, float* scratch,
            float* out) const;

  // Relative room for all roundings in float32, of the bounds and of the scalar functions.
  double rounding() const { return rounding_; }

 private:
  size_t dims_;
  std::vector<float> center_;  // of dims, or empty
  double center_norm_ = 0;
  std::vector<float> signs_;
  double rounding_;
};

// A query against a plane.
class PlaneSearch {
 public:
  PlaneSearch(const KernelTable& kernel, const PlaneBasis& basis, Metric metric,
              const float* query);

  // False: the query has no bounds, and every row has to be scored.
  bool usable() const { return usable_; }
  const PlaneQuery& query() const { return query_; }

  // The upper bounds of the rows from `first`, as Reach() of the kernels takes them; compare them
  // with Limit(key).
  PlaneBound Bound(const PlaneRows& rows, bool four, size_t first) const;
  // At most the key of row `row`.
  double LowerKey(const PlaneRows& rows, size_t row, int32_t dot8) const;
  // No row whose upper bound is below Limit(key) is as near as one whose key is at least `key`, to
  // the last bit of the distance.
  float Limit(double key) const;
  // The key that a row with this score or a better one has at least.
  double KeyOfScore(double score) const;

 private:
  Metric metric_;
  double rounding_;
  bool usable_ = false;
  double norm_ = 0;      // of the query
  double constant_ = 0;  // part of the key that is the same for all rows
  float shift_ = 0;      // factor of the row's offset
  float scale_ = 0;
  float width_ = 0;
  std::vector<int8_t> codes_;
  PlaneQuery query_{};
};

}  // namespace vecgraph
