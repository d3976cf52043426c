// ElementType: what a vector is made of.
//
// The numbers are the SQL subtypes that carry the type from one function to the next, as in
// sqlite-vec. They are part of the public contract: do not change them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vecgraph {

enum class ElementType : uint8_t {
  kFloat32 = 223,  // 4 bytes, little endian
  kBit = 224,      // 1 bit; the number of dimensions is a multiple of 8
  kInt8 = 225,     // 1 byte, signed
};

constexpr const char* NameOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kBit:
      return "bit";
    case ElementType::kInt8:
      return "int8";
  }
  return "unknown";
}

constexpr size_t BytesOf(ElementType type, size_t dims) {
  switch (type) {
    case ElementType::kFloat32:
      return dims * 4;
    case ElementType::kBit:
      return dims / 8;
    case ElementType::kInt8:
      return dims;
  }
  return 0;
}

// The number of elements in `bytes` bytes; what does not fill an element is not counted.
constexpr size_t DimsOf(ElementType type, size_t bytes) {
  switch (type) {
    case ElementType::kFloat32:
      return bytes / 4;
    case ElementType::kBit:
      return bytes * 8;
    case ElementType::kInt8:
      return bytes;
  }
  return 0;
}

}  // namespace vecgraph
