// VectorView and Vector: typed vectors, borrowed and owned.
//
// Invariants: `data` holds BytesOf(type, dims) bytes at any address (a blob may be unaligned), so
// elements are read with memcpy. An owned float32 vector is finite.
// Threads: values; share them read-only.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "vector/element.h"

namespace vecgraph {

struct VectorView {
  const uint8_t* data = nullptr;
  size_t dims = 0;
  ElementType type = ElementType::kFloat32;

  size_t bytes() const { return BytesOf(type, dims); }

  // REQUIRES: type is kFloat32, i < dims.
  float Float(size_t i) const {
    float value;
    std::memcpy(&value, data + i * sizeof value, sizeof value);
    return value;
  }
  // REQUIRES: type is kInt8, i < dims.
  int8_t Int8(size_t i) const { return static_cast<int8_t>(data[i]); }
  // The element as a number, for float32 and int8.
  double Number(size_t i) const { return type == ElementType::kFloat32 ? Float(i) : Int8(i); }
};

struct Vector {
  std::vector<uint8_t> data;
  ElementType type = ElementType::kFloat32;

  Vector() = default;
  Vector(ElementType t, size_t dims) : data(BytesOf(t, dims)), type(t) {}

  size_t dims() const { return DimsOf(type, data.size()); }
  VectorView view() const { return {data.data(), dims(), type}; }
  // REQUIRES: type is kFloat32, i < dims().
  void SetFloat(size_t i, float value) {
    std::memcpy(data.data() + i * sizeof value, &value, sizeof value);
  }
};

// Views `bytes` bytes as a vector: an error when empty or no whole number of elements. Does not
// look at the values.
Status ViewBlob(const void* blob, size_t bytes, ElementType type, VectorView* view);

// An error that names the first NaN or infinite element; OK for int8 and bit.
Status CheckFinite(const VectorView& view);

// Euclidean norm of a float32 or int8 vector, summed in double in index order.
double Norm(const VectorView& view);

}  // namespace vecgraph
