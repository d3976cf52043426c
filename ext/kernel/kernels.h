// KernelTable: the arithmetic of one CPU level as function pointers.
//
// Vectors are `n` elements at any address. Every level returns the same bits:
//   - float32 sums of at most 16 elements run in index order;
//   - longer ones run in 64 lanes, lane j taking elements j, j + 64, j + 128, ... in that order;
//     then lane j takes lane j + 32, then j + 16, ... 1, and lane 0 is the sum;
//   - no multiply-add is fused; l1 does the same in double;
//   - int8 and bit results are exact integers.
// The functions of the planes (scan/plane.h) work on rows of codes, `dims` of them, a multiple of
// 128:
//   - 8 bits: byte i is the code of dimension i plus 128;
//   - 4 bits: byte k of the 64 bytes of a block of 128 dimensions holds dimension k of the block in
//     its low half and dimension 64 + k in its high half; a half n stands for the code 2n - 15.
// Threads: tables are constant and their functions pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vecgraph {

struct DotNorm {
  float dot;   // sum of a * b
  float norm;  // sum of b * b
};

constexpr size_t kPlaneBlock = 128;
constexpr size_t kMaxPlaneDims = 32768;  // up to here the sum of a row fits an int32

// A query in codes of 8 bits, -127 to 127.
struct PlaneQuery {
  const int8_t* codes;
  size_t dims;
  int32_t sum;  // of the codes
};

// How a row of floats was written in codes: value = scale * code + error.
struct PlaneCode {
  float scale;
  float error;  // Euclidean norm of the errors, computed in float32
  float size;   // Euclidean norm of scale * code, computed in float32
};

// The upper bound of row r: query * (scale[r] * dots[r]) + shift * offset[r] + width * error[r].
struct PlaneBound {
  const float* scale;
  const float* error;
  const float* offset;  // null: no second term
  float query;
  float shift;
  float width;
};

struct KernelTable {
  const char* name;
  float (*dot_f32)(const void* a, const void* b, size_t n);         // sum of a * b
  DotNorm (*dot_norm_f32)(const void* a, const void* b, size_t n);  // both in one pass
  float (*l2sq_f32)(const void* a, const void* b, size_t n);        // sum of (a - b)^2
  double (*l1_f32)(const void* a, const void* b, size_t n);         // sum of |a - b|, in double
  int64_t (*dot_i8)(const void* a, const void* b, size_t n);
  int64_t (*l2sq_i8)(const void* a, const void* b, size_t n);
  int64_t (*l1_i8)(const void* a, const void* b, size_t n);
  int64_t (*hamming)(const void* a, const void* b, size_t bytes);  // differing bits
  bool (*finite_f32)(const void* a, size_t n);                     // no NaN, no infinity

  // One step of a rotation: out[2i] = (in[i] + in[i + n/2]) / sqrt(2), out[2i + 1] the difference.
  // n is even; in and out do not overlap.
  void (*mix_f32)(const float* in, float* out, size_t n);
  // Writes `dims` finite floats as codes of 8 or of 4 bits.
  PlaneCode (*encode_8)(const float* values, size_t dims, uint8_t* codes);
  PlaneCode (*encode_4)(const float* values, size_t dims, uint8_t* codes);
  // dots[r] = the exact sum of query code * row code, of `rows` rows that follow one another.
  void (*dots_8)(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots);
  void (*dots_4)(const PlaneQuery& query, const uint8_t* codes, size_t rows, int32_t* dots);
  // The same for several queries of the same dims: dots[q * rows + r]. Fastest where a call's dots
  // stay in the cache, as those of 256 rows do.
  void (*dots_8_many)(const PlaneQuery* queries, size_t count, const uint8_t* codes, size_t rows,
                      int32_t* dots);
  // Writes the rows whose upper bound is not below `limit` (NaN is not) and returns how many.
  size_t (*reach)(const PlaneBound& bound, const int32_t* dots, size_t rows, float limit,
                  uint32_t* found);
};

}  // namespace vecgraph
