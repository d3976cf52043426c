// The portable level: a batch of one float, for any CPU and as the reference of the others.
#include <cstddef>

namespace vecgraph {
namespace {

struct ScalarBatch {
  static constexpr size_t size = 1;
  float value = 0;

  ScalarBatch() = default;
  explicit ScalarBatch(float v) : value(v) {}
  static ScalarBatch load_unaligned(const float* p) {
    float v;
    __builtin_memcpy(&v, p, sizeof v);
    return ScalarBatch(v);
  }
  void store_unaligned(float* p) const { *p = value; }
  ScalarBatch operator+(const ScalarBatch& o) const { return ScalarBatch(value + o.value); }
  ScalarBatch operator-(const ScalarBatch& o) const { return ScalarBatch(value - o.value); }
  ScalarBatch operator*(const ScalarBatch& o) const { return ScalarBatch(value * o.value); }
  bool operator<(const ScalarBatch& o) const { return value < o.value; }
  friend ScalarBatch abs(const ScalarBatch& x) { return ScalarBatch(__builtin_fabsf(x.value)); }
  friend ScalarBatch min(const ScalarBatch& x, const ScalarBatch& y) {
    return x.value < y.value ? x : y;
  }
  friend ScalarBatch max(const ScalarBatch& x, const ScalarBatch& y) {
    return x.value > y.value ? x : y;
  }
};

bool all(bool x) { return x; }

}  // namespace
}  // namespace vecgraph

#define VECGRAPH_BATCH ScalarBatch
#define VECGRAPH_TABLE kKernelsScalar
#define VECGRAPH_LEVEL "scalar"
#include "kernel/kernels-inl.h"
