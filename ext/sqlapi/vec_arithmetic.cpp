// vec_add(a, b), vec_sub(a, b)   element by element; int8 wraps around
// vec_slice(v, start, end)       elements start to end - 1
// vec_normalize(v)               v / |v| if |v| > 1e-6, else v unchanged (float32)
// vec_norm(v)                    |v|, summed in double; NULL for NULL
// vec_scale(v, s)                v * s as float32; NULL for NULL
//
// vec_normalize is FAFCAS: the norm is summed in double in index order, each element is divided in
// double and rounded once to float32.
#include <array>
#include <cmath>

#include "base/value.h"
#include "sqlapi/args.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

template <class Combine>
Status CombinePair(sqlite3_context* ctx, sqlite3_value** argv, const char* verb, Combine combine) {
  VectorPair pair;
  Status status = ReadPair(ctx, argv, Finite::kCheck, &pair);
  if (!status.ok()) return status;
  const VectorView& a = pair.a.view;
  const VectorView& b = pair.b.view;
  if (a.type == ElementType::kBit) {
    return Status::Error(Format("Cannot %s two bitvectors together.", verb));
  }
  Vector result(a.type, a.dims);
  for (size_t i = 0; i < a.dims; ++i) {
    if (a.type == ElementType::kFloat32) {
      const float element = combine(a.Float(i), b.Float(i));
      if (!std::isfinite(element)) {
        return Status::Error(Format("element %zu of the result is beyond float32", i));
      }
      result.SetFloat(i, element);
    } else {
      result.data[i] = static_cast<uint8_t>(combine(int{a.Int8(i)}, int{b.Int8(i)}));
    }
  }
  ResultVector(ctx, result.view());
  return status;
}

void vec_add(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(
      ctx, [&] { return CombinePair(ctx, argv, "add", [](auto x, auto y) { return x + y; }); });
}

void vec_sub(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    return CombinePair(ctx, argv, "subtract", [](auto x, auto y) { return x - y; });
  });
}

// The checks of vec_slice in the order that sqlite-vec makes them.
Status CheckSlice(const VectorView& v, int64_t start, int64_t end) {
  const auto dims = static_cast<int64_t>(v.dims);
  const char* const fault =
      start < 0      ? "slice 'start' index must be a postive number."
      : end < 0      ? "slice 'end' index must be a postive number."
      : start > dims ? "slice 'start' index is greater than the number of dimensions"
      : end > dims   ? "slice 'end' index is greater than the number of dimensions"
      : start > end  ? "slice 'start' index is greater than 'end' index"
      : start == end ? "slice 'start' index is equal to the 'end' index, vectors must have "
                       "non-zero length"
      : v.type == ElementType::kBit && start % 8 != 0 ? "start index must be divisible by 8."
      : v.type == ElementType::kBit && end % 8 != 0   ? "end index must be divisible by 8."
                                                      : nullptr;
  return fault ? Status::Error(fault) : Status::Ok();
}

void vec_slice(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVector(ctx, argv, 0, Finite::kCheck, &arg);
    if (!status.ok()) return status;
    const int64_t start = sqlite3_value_int64(argv[1]);
    const int64_t end = sqlite3_value_int64(argv[2]);
    status = CheckSlice(arg.view, start, end);
    if (!status.ok()) return status;
    const auto offset = BytesOf(arg.view.type, static_cast<size_t>(start));
    ResultVector(ctx, {arg.view.data + offset, static_cast<size_t>(end - start), arg.view.type});
    return status;
  });
}

void vec_normalize(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVector(ctx, argv, 0, Finite::kCheck, &arg);
    if (!status.ok()) return status;
    const VectorView& v = arg.view;
    if (v.type != ElementType::kFloat32) {
      return Status::Error("only float32 vectors are supported when normalizing");
    }
    const double norm = Norm(v);
    if (!(norm > 1e-6)) {
      ResultVector(ctx, v);
      return status;
    }
    Vector result(v.type, v.dims);
    for (size_t i = 0; i < v.dims; ++i) result.SetFloat(i, static_cast<float>(v.Float(i) / norm));
    ResultVector(ctx, result.view());
    return status;
  });
}

bool AnyNull(int argc, sqlite3_value** argv) {
  for (int i = 0; i < argc; ++i) {
    if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return true;
  }
  return false;
}

// Reads argument 1 of one of our own functions, which take no bits.
Status ReadNumbers(sqlite3_context* ctx, sqlite3_value** argv, const char* function,
                   VectorArg* arg) {
  Status status = ReadVector(ctx, argv, 0, Finite::kCheck, arg);
  if (!status.ok()) return Status::Error(std::string(function) + ": " + status.message());
  if (arg->view.type == ElementType::kBit) {
    return Status::Error(Format("%s: a bit vector has no numbers; give float32 or int8", function));
  }
  return status;
}

void vec_norm(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    if (AnyNull(argc, argv)) return Status::Ok();
    VectorArg arg;
    Status status = ReadNumbers(ctx, argv, "vec_norm", &arg);
    if (status.ok()) sqlite3_result_double(ctx, Norm(arg.view));
    return status;
  });
}

void vec_scale(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    if (AnyNull(argc, argv)) return Status::Ok();
    VectorArg arg;
    Status status = ReadNumbers(ctx, argv, "vec_scale", &arg);
    if (!status.ok()) return status;
    const int type = sqlite3_value_type(argv[1]);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
      return Status::Error(
          Format("vec_scale: the factor must be a number, found %s", TypeNameOf(type)));
    }
    const double factor = sqlite3_value_double(argv[1]);
    Vector result(ElementType::kFloat32, arg.view.dims);
    for (size_t i = 0; i < arg.view.dims; ++i) {
      const auto element = static_cast<float>(arg.view.Number(i) * factor);
      if (!std::isfinite(element)) {
        return Status::Error(
            Format("vec_scale: element %zu times %g is beyond float32", i, factor));
      }
      result.SetFloat(i, element);
    }
    ResultVector(ctx, result.view());
    return status;
  });
}

}  // namespace

std::span<const FunctionDef> VecArithmeticFunctions() {
  static const std::array<FunctionDef, 6> kFunctions{{
      {"vec_add", 2, kPureTagged, true, vec_add},
      {"vec_sub", 2, kPureTagged, true, vec_sub},
      {"vec_slice", 3, kPureTagged, true, vec_slice},
      {"vec_normalize", 1, kPureTagged, true, vec_normalize},
      {"vec_norm", 1, kPureTagged, false, vec_norm},
      {"vec_scale", 2, kPureTagged, false, vec_scale},
  }};
  return kFunctions;
}

}  // namespace vecgraph
