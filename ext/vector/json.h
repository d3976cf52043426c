// Vectors as JSON text, read strictly and without regard to the locale.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "vector/vector.h"

namespace vecgraph {

// Reads a JSON array of numbers into a float32 or int8 vector. Numbers follow RFC 8259, are read
// as double and rounded to float32; a number too small for a double is zero. Not a JSON array,
// an empty one, NaN, Inf, or an int8 element that is no integer of -128 to 127: an error.
// REQUIRES: type is kFloat32 or kInt8.
Status ParseJson(std::string_view text, ElementType type, Vector* vector);

// Writes a JSON array without spaces: float32 with six decimals, bits from the least significant
// bit of each byte. NaN becomes null, infinities Inf and -Inf.
std::string ToJson(const VectorView& view);

}  // namespace vecgraph
