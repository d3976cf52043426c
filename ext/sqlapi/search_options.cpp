#include "sqlapi/search_options.h"

#include "sqlapi/options.h"
#include "sqlapi/pointers.h"

namespace vecgraph {
namespace {

bool Given(sqlite3_value* value) { return value && sqlite3_value_type(value) != SQLITE_NULL; }

Status Wrong(const char* function, const std::string& what) {
  return Status::Error(std::string(function) + ": " + what);
}

}  // namespace

Status ReadName(const char* function, const char* argument, sqlite3_value* value,
                std::string* name) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return Wrong(function, Format("%s must be text, found %s", argument,
                                  TypeNameOf(sqlite3_value_type(value))));
  }
  *name = TextOf(value);
  return Status::Ok();
}

Status ReadSource(const char* function, const char* argument, sqlite3_value* value,
                  GivenSource* source) {
  if (const char* query = QueryOf(value)) {
    source->text = query;
    source->is_query = true;
    return Status::Ok();
  }
  if (sqlite3_value_type(value) == SQLITE_TEXT) {
    return ReadName(function, argument, value, &source->text);
  }
  return Wrong(function,
               Format("%s must be the name of a table or view, or db_query('SELECT ...'), found %s",
                      argument, TypeNameOf(sqlite3_value_type(value))));
}

Status ReadK(const char* function, sqlite3_value* value, int64_t* out) {
  if (!Given(value) || ReadCount(value, out)) return Status::Ok();
  return Status::Error(CountError(function, "k", value));
}

Status ReadMinScore(const char* function, sqlite3_value* value, std::optional<double>* out) {
  if (!Given(value)) return Status::Ok();
  const int type = sqlite3_value_type(value);
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
    return Wrong(function, Format("min_score must be a number, found %s", TypeNameOf(type)));
  }
  *out = sqlite3_value_double(value);
  return Status::Ok();
}

Status ReadStrict(const char* function, sqlite3_value* value, bool* out) {
  int64_t number = 0;
  if (!Given(value)) return Status::Ok();
  if (!ReadCount(value, &number) || number > 1) {
    const int type = sqlite3_value_type(value);
    const std::string_view found = type == SQLITE_BLOB ? TypeNameOf(type) : TextOf(value);
    return Wrong(function, Format("strict must be 0 or 1, found %.*s",
                                  static_cast<int>(found.size()), found.data()));
  }
  *out = number == 1;
  return Status::Ok();
}

Status ReadElement(const char* function, sqlite3_value* value, std::optional<ElementType>* out) {
  if (!Given(value)) return Status::Ok();
  const std::string_view name = TextOf(value);
  for (const ElementType known : {ElementType::kFloat32, ElementType::kInt8, ElementType::kBit}) {
    if (name == NameOf(known)) {
      *out = known;
      return Status::Ok();
    }
  }
  return Wrong(function, Format("unknown element '%.*s' (there are float32, int8, bit)",
                                static_cast<int>(name.size()), name.data()));
}

std::string MisfitOf(Metric metric, ElementType type) {
  return Format(
      "metric %s does not compare %s vectors; %s", NameOf(metric), NameOf(type),
      type == ElementType::kBit ? "bit vectors take metric hamming" : "hamming takes element bit");
}

Status TypeOfQuery(sqlite3_value* query, const std::optional<ElementType>& element, Metric metric,
                   ElementType* type) {
  if (element) {
    *type = *element;
  } else {
    if (!TypeOfSubtype(sqlite3_value_subtype(query), type)) {
      return Status::Error("the query is no vector");
    }
    if (*type == ElementType::kFloat32 && metric == Metric::kHamming) *type = ElementType::kBit;
  }
  if (!Fits(metric, *type)) return Status::Error(MisfitOf(metric, *type));
  if (*type == ElementType::kBit && sqlite3_value_type(query) != SQLITE_BLOB) {
    return Status::Error(
        "the query of a search in bits must be a blob, as vec_quantize_binary(v) makes it");
  }
  return Status::Ok();
}

}  // namespace vecgraph
