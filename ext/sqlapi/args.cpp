#include "sqlapi/args.h"

#include "base/value.h"
#include "sqlapi/connection.h"
#include "sqlapi/json_result.h"
#include "vector/json.h"

namespace vecgraph {
namespace {

struct ParsedConstant {
  ElementType type;
  std::shared_ptr<const Vector> vector;
};

void DeleteParsedConstant(void* constant) { delete static_cast<ParsedConstant*>(constant); }

Status ParseText(sqlite3_context* ctx, sqlite3_value** argv, int index, ElementType type,
                 VectorArg* arg) {
  const auto* constant = static_cast<const ParsedConstant*>(sqlite3_get_auxdata(ctx, index));
  if (constant && constant->type == type) {
    arg->parsed = constant->vector;
  } else {
    const std::string_view text = TextOf(argv[index]);
    ParsedText& last = ConnectionOf(ctx).parsed[static_cast<size_t>(index) % 2];
    if (!last.vector || last.type != type || last.text != text) {
      last.vector = nullptr;
      auto vector = std::make_shared<Vector>();
      Status status = ParseJson(text, type, vector.get());
      if (!status.ok()) return status;
      last.text = text;
      last.type = type;
      last.vector = std::move(vector);
    }
    arg->parsed = last.vector;
    // SQLite keeps this only if the argument is a constant of the statement.
    sqlite3_set_auxdata(ctx, index, new ParsedConstant{type, last.vector}, DeleteParsedConstant);
  }
  arg->view = arg->parsed->view();
  return Status::Ok();
}

Status WrongType(ElementType type, int value_type) {
  switch (type) {
    case ElementType::kInt8:
      return Status::Error("Unknown type for int8 vector.");
    case ElementType::kBit:
      return Status::Error("Unknown type for bitvector.");
    default:
      return Status::Error(
          Format("Input must have type BLOB (compact format) or TEXT (JSON), found %s",
                 TypeNameOf(value_type)));
  }
}

Status ViewValue(sqlite3_value* value, ElementType type, Finite finite, VectorArg* arg) {
  const std::string_view blob = BlobOf(value);
  Status status = ViewBlob(blob.data(), blob.size(), type, &arg->view);
  return status.ok() && finite == Finite::kCheck ? CheckFinite(arg->view) : std::move(status);
}

Status ReadType(sqlite3_value* value, ElementType* type) {
  const unsigned subtype = sqlite3_value_subtype(value);
  if (TypeOfSubtype(subtype, type)) return Status::Ok();
  return Status::Error(Format("Unknown subtype: %d", static_cast<int>(subtype)));
}

Status NameOrdinal(int index, Status status) {
  if (status.ok()) return status;
  return Status::Error(
      Format("Error reading %s vector: %s", index == 0 ? "1st" : "2nd", status.message().c_str()));
}

}  // namespace

bool TypeOfSubtype(unsigned subtype, ElementType* type) {
  switch (subtype) {
    case static_cast<unsigned>(ElementType::kFloat32):
    case static_cast<unsigned>(ElementType::kInt8):
    case static_cast<unsigned>(ElementType::kBit):
      *type = static_cast<ElementType>(subtype);
      return true;
    case 0:
    case kJsonSubtype:
      *type = ElementType::kFloat32;
      return true;
    default:
      return false;
  }
}

Status ReadVector(sqlite3_context* ctx, sqlite3_value** argv, int index, Finite finite,
                  VectorArg* arg) {
  ElementType type;
  Status status = ReadType(argv[index], &type);
  if (!status.ok()) return status;
  return ReadVectorAs(ctx, argv, index, type, finite, arg);
}

Status ReadRowVector(sqlite3_value** argv, int index, Finite finite, VectorArg* arg) {
  ElementType type;
  Status status = ReadType(argv[index], &type);
  if (!status.ok()) return status;
  return DecodeVector(argv[index], type, finite, arg);
}

Status ReadVectorAs(sqlite3_context* ctx, sqlite3_value** argv, int index, ElementType type,
                    Finite finite, VectorArg* arg) {
  const int value_type = sqlite3_value_type(argv[index]);
  if (value_type == SQLITE_BLOB) return ViewValue(argv[index], type, finite, arg);
  if (value_type == SQLITE_TEXT && type != ElementType::kBit) {
    return ParseText(ctx, argv, index, type, arg);
  }
  return WrongType(type, value_type);
}

Status DecodeVector(sqlite3_value* value, ElementType type, Finite finite, VectorArg* arg) {
  const int value_type = sqlite3_value_type(value);
  if (value_type == SQLITE_BLOB) return ViewValue(value, type, finite, arg);
  if (value_type != SQLITE_TEXT || type == ElementType::kBit) return WrongType(type, value_type);
  auto vector = std::make_shared<Vector>();
  Status status = ParseJson(TextOf(value), type, vector.get());
  arg->view = vector->view();
  arg->parsed = std::move(vector);
  return status;
}

Status ReadPair(sqlite3_context* ctx, sqlite3_value** argv, Finite finite, VectorPair* pair) {
  VectorArg* const args[] = {&pair->a, &pair->b};
  for (int i = 0; i < 2; ++i) {
    Status status = NameOrdinal(i, ReadVector(ctx, argv, i, finite, args[i]));
    if (!status.ok()) return status;
  }
  const VectorView& a = pair->a.view;
  const VectorView& b = pair->b.view;
  if (a.type == b.type && a.dims == b.dims) return Status::Ok();
  Status status = CheckFinitePair(*pair);
  if (!status.ok()) return status;
  if (a.type != b.type) {
    return Status::Error(
        Format("Vector type mistmatch. First vector has type %s, while the second has type %s.",
               NameOf(a.type), NameOf(b.type)));
  }
  return Status::Error(
      Format("Vector dimension mistmatch. First vector has %zu dimensions, "
             "while the second has %zu dimensions.",
             a.dims, b.dims));
}

Status CheckFinitePair(const VectorPair& pair) {
  Status status = NameOrdinal(0, CheckFinite(pair.a.view));
  return status.ok() ? NameOrdinal(1, CheckFinite(pair.b.view)) : std::move(status);
}

void ResultVector(sqlite3_context* ctx, const VectorView& view) {
  sqlite3_result_blob64(ctx, view.data, view.bytes(), SQLITE_TRANSIENT);
  sqlite3_result_subtype(ctx, static_cast<unsigned>(view.type));
}

}  // namespace vecgraph
