// vec_quantize_binary(v)
//   one bit per element, set when it is above 0; the least significant bit of a byte comes first
//
// vec_quantize_int8(v, 'unit')
//   [-1, 1] in steps of 2/255 to -128 ... 127, truncated towards zero
#include <array>
#include <cmath>

#include "base/value.h"
#include "sqlapi/args.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

void vec_quantize_binary(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVector(ctx, argv, 0, Finite::kCheck, &arg);
    if (!status.ok()) return status;
    const VectorView& v = arg.view;
    if (v.type == ElementType::kBit) {
      return Status::Error("Can only binary quantize float or int8 vectors");
    }
    if (v.dims % 8 != 0) {
      return Status::Error("Binary quantization requires vectors with a length divisible by 8");
    }
    Vector bits(ElementType::kBit, v.dims);
    for (size_t i = 0; i < v.dims; ++i) {
      if (v.Number(i) > 0) bits.data[i / 8] |= static_cast<uint8_t>(1U << (i % 8));
    }
    ResultVector(ctx, bits.view());
    return status;
  });
}

void vec_quantize_int8(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVectorAs(ctx, argv, 0, ElementType::kFloat32, Finite::kCheck, &arg);
    if (!status.ok()) return status;
    const bool is_text = sqlite3_value_type(argv[1]) == SQLITE_TEXT;
    const std::string_view kind = is_text ? TextOf(argv[1]) : std::string_view();
    if (kind.size() != 4 || sqlite3_strnicmp(kind.data(), "unit", 4) != 0) {
      return Status::Error("2nd argument to vec_quantize_int8() must be 'unit'.");
    }
    const auto step = static_cast<float>(2.0 / 255.0);  // stored as float32, as sqlite-vec does
    Vector result(ElementType::kInt8, arg.view.dims);
    for (size_t i = 0; i < arg.view.dims; ++i) {
      const double level = (static_cast<double>(arg.view.Float(i)) + 1.0) / step - 128.0;
      const double code = std::trunc(std::fmin(std::fmax(level, -128.0), 127.0));
      result.data[i] = static_cast<uint8_t>(static_cast<int>(code));
    }
    ResultVector(ctx, result.view());
    return status;
  });
}

}  // namespace

std::span<const FunctionDef> VecQuantizeFunctions() {
  static const std::array<FunctionDef, 2> kFunctions{{
      {"vec_quantize_binary", 1, kPureTagged, true, vec_quantize_binary},
      {"vec_quantize_int8", 2, kPureTagged, true, vec_quantize_int8},
  }};
  return kFunctions;
}

}  // namespace vecgraph
