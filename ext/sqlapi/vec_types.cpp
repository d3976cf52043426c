// vec_f32(v), vec_int8(v), vec_bit(v)   check a vector and tag it with its element type
// vec_type(v)                           'float32', 'int8' or 'bit'
// vec_length(v)                         the number of dimensions (of bits, for a bit vector)
// vec_to_json(v)                        the elements as a JSON array
//
// The tag is an SQL subtype: it travels from function to function and is lost in a table, so a
// stored int8 or bit column is wrapped at each use. Names, results and error texts are
// sqlite-vec's; NULL is an error; NaN and Inf are refused.
#include <array>

#include "sqlapi/args.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"
#include "vector/json.h"

namespace vecgraph {
namespace {

void Tag(sqlite3_context* ctx, sqlite3_value** argv, ElementType type) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVectorAs(ctx, argv, 0, type, Finite::kCheck, &arg);
    if (status.ok()) ResultVector(ctx, arg.view);
    return status;
  });
}

void vec_f32(sqlite3_context* ctx, int, sqlite3_value** argv) {
  Tag(ctx, argv, ElementType::kFloat32);
}

void vec_int8(sqlite3_context* ctx, int, sqlite3_value** argv) {
  Tag(ctx, argv, ElementType::kInt8);
}

void vec_bit(sqlite3_context* ctx, int, sqlite3_value** argv) { Tag(ctx, argv, ElementType::kBit); }

void vec_type(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVector(ctx, argv, 0, Finite::kCheck, &arg);
    if (status.ok()) sqlite3_result_text(ctx, NameOf(arg.view.type), -1, SQLITE_STATIC);
    return status;
  });
}

void vec_length(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVector(ctx, argv, 0, Finite::kCheck, &arg);
    if (status.ok()) sqlite3_result_int64(ctx, static_cast<sqlite3_int64>(arg.view.dims));
    return status;
  });
}

void vec_to_json(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    VectorArg arg;
    Status status = ReadVector(ctx, argv, 0, Finite::kCheck, &arg);
    if (!status.ok()) return status;
    const std::string json = ToJson(arg.view);
    sqlite3_result_text64(ctx, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(ctx, 'J');
    return status;
  });
}

}  // namespace

std::span<const FunctionDef> VecTypesFunctions() {
  static const std::array<FunctionDef, 6> kFunctions{{
      {"vec_f32", 1, kPureTagged, true, vec_f32},
      {"vec_int8", 1, kPureTagged, true, vec_int8},
      {"vec_bit", 1, kPureTagged, true, vec_bit},
      {"vec_type", 1, kPureTagged, true, vec_type},
      {"vec_length", 1, kPureTagged, true, vec_length},
      {"vec_to_json", 1, kPureTagged, true, vec_to_json},
  }};
  return kFunctions;
}

}  // namespace vecgraph
