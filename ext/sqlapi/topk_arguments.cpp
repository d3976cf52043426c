#include "sqlapi/topk_arguments.h"

#include <cstring>
#include <utility>

#include "scan/restriction.h"
#include "sqlapi/options.h"
#include "sqlapi/pointers.h"

namespace vecgraph {
namespace {

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
  std::optional<ElementType> element;
  ElementType type;
  Status status = ReadElement("vec_topk", given[kElement], &element);
  if (!status.ok()) return status;
  status = TypeOfQuery(query, element, out->metric, &type);
  if (!status.ok()) return NameTopk(std::move(status));
  // The copy in `values` stays while the cursor does.
  status = DecodeVector(out->values[kQuery].get(), type, Finite::kCheck, &out->query);
  return status.ok() ? std::move(status) : WrongTopk("query: " + status.message());
}

}  // namespace

Status ReadTopkArguments(sqlite3* db, const GivenArguments& given, TopkArguments* out) {
  const auto at = [&](TopkArgument argument) { return given[argument]; };
  for (size_t a = 0; a < kTopkArguments; ++a) out->values[a] = Value(given[a]);
  GivenSource source;
  Status status = ReadSource("vec_topk", "source", at(kSource), &source);
  out->source = std::move(source.text);
  out->source_is_query = source.is_query;
  if (status.ok()) status = ReadName("vec_topk", "column", at(kColumn), &out->column);
  if (status.ok() && at(kMetric)) status = ReadMetric("vec_topk", at(kMetric), &out->metric);
  if (status.ok()) status = ReadQuery(given, out);
  if (status.ok()) status = ReadK("vec_topk", at(kK), &out->k);
  if (status.ok()) status = ReadMinScore("vec_topk", at(kMinScore), &out->min_score);
  if (status.ok()) status = ReadStrict("vec_topk", at(kStrict), &out->strict);
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
