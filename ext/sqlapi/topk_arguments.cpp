#include "sqlapi/topk_arguments.h"

#include <cstring>
#include <utility>

#include "scan/restriction.h"
#include "sqlapi/options.h"
#include "sqlapi/pointers.h"

namespace vecgraph {
namespace {

Status ReadName(sqlite3_value* value, const char* argument, std::string* name) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return WrongTopk(
        Format("%s must be text, found %s", argument, TypeNameOf(sqlite3_value_type(value))));
  }
  *name = TextOf(value);
  return Status::Ok();
}

Status ReadSource(sqlite3_value* value, TopkArguments* out) {
  if (const char* query = QueryOf(value)) {
    out->source = query;
    out->source_is_query = true;
    return Status::Ok();
  }
  if (sqlite3_value_type(value) == SQLITE_TEXT) return ReadName(value, "source", &out->source);
  return WrongTopk(
      Format("source must be the name of a table or view, or db_query('SELECT ...'), "
             "found %s",
             TypeNameOf(sqlite3_value_type(value))));
}

Status ReadElement(sqlite3_value* element, unsigned query_subtype, Metric metric,
                   ElementType* type) {
  if (element && sqlite3_value_type(element) != SQLITE_NULL) {
    const std::string_view name = TextOf(element);
    for (const ElementType known : {ElementType::kFloat32, ElementType::kInt8, ElementType::kBit}) {
      if (name == NameOf(known)) {
        *type = known;
        return Status::Ok();
      }
    }
    return WrongTopk(Format("unknown element '%.*s' (there are float32, int8, bit)",
                            static_cast<int>(name.size()), name.data()));
  }
  if (!TypeOfSubtype(query_subtype, type)) return WrongTopk("the query is no vector");
  if (*type == ElementType::kFloat32 && metric == Metric::kHamming) *type = ElementType::kBit;
  return Status::Ok();
}

Status ReadMinScore(sqlite3_value* value, std::optional<double>* min_score) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return Status::Ok();
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
    return WrongTopk(Format("min_score must be a number, found %s", TypeNameOf(type)));
  }
  *min_score = sqlite3_value_double(value);
  return Status::Ok();
}

Status ReadStrict(sqlite3_value* value, bool* strict) {
  int64_t number = 0;
  if (sqlite3_value_type(value) == SQLITE_NULL) return Status::Ok();
  if (!ReadCount(value, &number) || number > 1) {
    const int type = sqlite3_value_type(value);
    const std::string_view found = type == SQLITE_BLOB ? TypeNameOf(type) : TextOf(value);
    return WrongTopk(
        Format("strict must be 0 or 1, found %.*s", static_cast<int>(found.size()), found.data()));
  }
  *strict = number == 1;
  return Status::Ok();
}

Status ReadWithin(sqlite3* db, sqlite3_value* value, TopkArguments* out) {
  if (const IdSet* rowids = RowidsOf(value)) {
    out->within_rowids = true;
    out->rowid_sets.push_back(*rowids);
    return Status::Ok();
  }
  if (sqlite3_value_type(value) != SQLITE_TEXT) {
    return WrongTopk(
        Format("within must be a JSON array of ids or (SELECT vec_ids(rowid) FROM ...) "
               "written right there, found %s",
               TypeNameOf(sqlite3_value_type(value))));
  }
  IdSet ids;
  Status status = ReadJsonIds(db, TextOf(value), &ids);
  if (!status.ok()) return Status::Code(status.code(), "vec_topk: " + status.message());
  out->id_sets.push_back(std::move(ids));
  return Status::Ok();
}

Status ReadQuery(const GivenArguments& given, TopkArguments* out) {
  sqlite3_value* const query = given[kQuery];
  if (sqlite3_value_type(query) == SQLITE_NULL) {
    out->query_is_null = true;
    return Status::Ok();
  }
  ElementType type;
  Status status = ReadElement(given[kElement], sqlite3_value_subtype(query), out->metric, &type);
  if (!status.ok()) return status;
  if (!Fits(out->metric, type)) {
    return WrongTopk(Format("metric %s does not compare %s vectors; %s", NameOf(out->metric),
                            NameOf(type),
                            type == ElementType::kBit ? "bit vectors take metric hamming"
                                                      : "hamming takes element bit"));
  }
  if (type == ElementType::kBit && sqlite3_value_type(query) != SQLITE_BLOB) {
    return WrongTopk(
        "the query of a search in bits must be a blob, as vec_quantize_binary(v) makes it");
  }
  // The copy in `values` stays while the cursor does.
  status = DecodeVector(out->values[kQuery].get(), type, Finite::kCheck, &out->query);
  return status.ok() ? std::move(status) : WrongTopk("query: " + status.message());
}

}  // namespace

Status ReadTopkArguments(sqlite3* db, const GivenArguments& given, TopkArguments* out) {
  const auto at = [&](TopkArgument argument) { return given[argument]; };
  for (size_t a = 0; a < kTopkArguments; ++a) out->values[a] = Value(given[a]);
  Status status = ReadSource(at(kSource), out);
  if (status.ok()) status = ReadName(at(kColumn), "column", &out->column);
  if (status.ok() && at(kMetric)) status = ReadMetric("vec_topk", at(kMetric), &out->metric);
  if (status.ok()) status = ReadQuery(given, out);
  if (status.ok() && at(kK) && sqlite3_value_type(at(kK)) != SQLITE_NULL &&
      !ReadCount(at(kK), &out->k)) {
    return Status::Error(CountError("vec_topk", "k", at(kK)));
  }
  if (status.ok() && at(kMinScore)) status = ReadMinScore(at(kMinScore), &out->min_score);
  if (status.ok() && at(kStrict)) status = ReadStrict(at(kStrict), &out->strict);
  if (status.ok() && at(kWithin)) status = ReadWithin(db, at(kWithin), out);
  return status;
}

bool TopkArguments::SameSearch(const TopkArguments& other) const {
  return SameSource(other) && query.view.type == other.query.view.type &&
         query.view.dims == other.query.view.dims &&
         std::memcmp(query.view.data, other.query.view.data, query.view.bytes()) == 0 &&
         k == other.k && metric == other.metric && min_score == other.min_score &&
         strict == other.strict && first_batch == other.first_batch &&
         rowid_sets == other.rowid_sets && id_sets == other.id_sets &&
         within_rowids == other.within_rowids;
}

}  // namespace vecgraph
