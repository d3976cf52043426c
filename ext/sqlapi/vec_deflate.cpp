// vec_deflate(blob)   the exact repair of a byte-inflated embedding; NULL for NULL
//
//   SELECT vec_to_json(vec_deflate(vec_f32('[0, 0, 0, 63, 0, 0, 128, 191]')));
//   -- [0.500000,-1.000000]
//
// A program that reads a blob as an array of bytes and makes floats of the elements stores a vector
// four times as long: each float is a byte of the true one, an integer of 0 to 255. From 4n such
// floats vec_deflate makes the n floats whose bytes they were. Anything else is an error. What
// comes out is not searched for NaN: these are the bytes that were there.
#include <array>

#include "base/value.h"
#include "health/audit.h"
#include "sqlapi/args.h"
#include "sqlapi/guard.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

Status Wrong(const std::string& what) { return Status::Error("vec_deflate: " + what); }

// Why floats are no bytes.
Status Explain(const VectorView& v) {
  if (v.dims % 4 != 0) {
    return Wrong(
        Format("%zu floats are not the bytes of whole floats: not a multiple of 4", v.dims));
  }
  for (size_t i = 0; i < v.dims; ++i) {
    const float value = v.Float(i);
    if (IsByte(value)) continue;
    return Wrong(
        Format("element %zu is %.9g, no integer of 0 to 255: this vector is not "
               "byte-inflated",
               i, static_cast<double>(value)));
  }
  return Status::Ok();
}

void vec_deflate(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    const int type = sqlite3_value_type(argv[0]);
    if (type == SQLITE_NULL) return Status::Ok();
    if (type != SQLITE_BLOB) {
      return Wrong(Format("the argument must be a blob, found %s", TypeNameOf(type)));
    }
    const std::string_view blob = BlobOf(argv[0]);
    VectorView v;
    Status status = ViewBlob(blob.data(), blob.size(), ElementType::kFloat32, &v);
    if (!status.ok()) return Wrong(status.message());
    if (!HoldsBytes(v.data, v.dims)) return Explain(v);
    Vector deflated(ElementType::kFloat32, v.dims / 4);
    Deflate(v.data, v.dims, deflated.data.data());
    ResultVector(ctx, deflated.view());
    return status;
  });
}

}  // namespace

std::span<const FunctionDef> VecDeflateFunctions() {
  static const std::array<FunctionDef, 1> kFunctions{{
      {"vec_deflate", 1, kPureTagged, false, vec_deflate},
  }};
  return kFunctions;
}

}  // namespace vecgraph
