// KernelTable: the arithmetic of one CPU level as function pointers.
//
// Vectors are `n` elements at any address. Every level returns the same bits:
//   - float32 sums of at most 16 elements run in index order;
//   - longer ones run in 64 lanes, lane j taking elements j, j + 64, j + 128, ... in that order;
//     then lane j takes lane j + 32, then j + 16, ... 1, and lane 0 is the sum;
//   - no multiply-add is fused; l1 does the same in double;
//   - int8 and bit results are exact integers.
// Threads: tables are constant and their functions pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vecgraph {

struct DotNorm {
  float dot;   // sum of a * b
  float norm;  // sum of b * b
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
};

}  // namespace vecgraph
