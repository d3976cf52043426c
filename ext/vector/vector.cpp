#include "vector/vector.h"

#include <cmath>

namespace vecgraph {

Status ViewBlob(const void* blob, size_t bytes, ElementType type, VectorView* view) {
  if (bytes == 0) return Status::Error("zero-length vectors are not supported.");
  if (type == ElementType::kFloat32 && bytes % 4 != 0) {
    return Status::Error(
        Format("invalid float32 vector BLOB length. Must be divisible by 4, found %zu", bytes));
  }
  *view = {static_cast<const uint8_t*>(blob), DimsOf(type, bytes), type};
  return Status::Ok();
}

Status CheckFinite(const VectorView& view) {
  if (view.type != ElementType::kFloat32) return Status::Ok();
  for (size_t i = 0; i < view.dims; ++i) {
    const float value = view.Float(i);
    if (std::isfinite(value)) continue;
    return Status::Error(
        Format("invalid float32 vector: element %zu is %s", i, std::isnan(value) ? "NaN" : "Inf"));
  }
  return Status::Ok();
}

double Norm(const VectorView& view) {
  double sum = 0;
  for (size_t i = 0; i < view.dims; ++i) {
    const double value = view.Number(i);
    sum += value * value;
  }
  return std::sqrt(sum);
}

}  // namespace vecgraph
