#include "scan/metric.h"

namespace vecgraph {

double WideCosine(const VectorView& a, const VectorView& b) {
  double dot = 0;
  double self_a = 0;
  double self_b = 0;
  for (size_t i = 0; i < a.dims; ++i) {
    const double x = a.Number(i);
    const double y = b.Number(i);
    dot += x * y;
    self_a += x * x;
    self_b += y * y;
  }
  return static_cast<float>(1.0 - dot / (std::sqrt(self_a) * std::sqrt(self_b)));
}

}  // namespace vecgraph
