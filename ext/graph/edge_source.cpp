#include "graph/edge_source.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/catalog.h"
#include "base/name.h"
#include "base/statement.h"
#include "graph/row_feed.h"

namespace vecgraph {
namespace {

// The columns of a source, each with the SQL that reads it.
struct Columns {
  std::string label;  // of the source
  std::vector<TableColumn> all;
  bool by_position = false;  // of a query: c1, c2, ..., since its names may repeat

  std::string Sql(size_t i) const {
    return by_position ? Format("c%zu", i + 1) : QuoteName(all[i].name);
  }
  // Its place, or the number of columns.
  size_t Find(std::string_view name) const {
    return static_cast<size_t>(
        std::find_if(all.begin(), all.end(),
                     [&](const TableColumn& column) { return SameName(column.name, name); }) -
        all.begin());
  }
  std::string List() const {
    std::string list;
    for (const TableColumn& column : all) list += (list.empty() ? "" : ", ") + column.name;
    return list;
  }
};

Status FindNamed(const Columns& columns, const char* argument, const std::string& name,
                 std::string* sql) {
  const size_t i = columns.Find(name);
  if (i < columns.all.size()) {
    *sql = columns.Sql(i);
    return Status::Ok();
  }
  return Status::Error(Format("%s: %s has no column '%s' (it has %s)", argument,
                              columns.label.c_str(), name.c_str(), columns.List().c_str()));
}

// The endpoints that are not named.
Status FindEndpoints(const Columns& columns, const EdgeRequest& request, EdgeSource* source) {
  Status status;
  if (!request.src_col.empty()) {
    status = FindNamed(columns, "src_col", request.src_col, &source->src);
  }
  if (status.ok() && !request.dst_col.empty()) {
    status = FindNamed(columns, "dst_col", request.dst_col, &source->dst);
  }
  if (!status.ok() || (!source->src.empty() && !source->dst.empty())) return status;
  size_t src = 0;
  size_t dst = 1;
  bool found = columns.by_position && columns.all.size() >= 2;
  constexpr const char* kPairs[][2] = {{"source", "target"}, {"src", "dst"}};
  for (const auto& pair : kPairs) {
    if (found) break;
    src = columns.Find(pair[0]);
    dst = columns.Find(pair[1]);
    found = src < columns.all.size() && dst < columns.all.size();
  }
  if (!found) {
    return Status::Error(
        Format("%s has no columns source and target, or src and dst (it has %s); name the two as "
               "src_col and dst_col",
               columns.label.c_str(), columns.List().c_str()));
  }
  if (source->src.empty()) source->src = columns.Sql(src);
  if (source->dst.empty()) source->dst = columns.Sql(dst);
  return status;
}

Status FindOthers(const Columns& columns, const EdgeRequest& request, EdgeSource* source) {
  Status status;
  if (!request.weight_col.empty()) {
    status = FindNamed(columns, "weight_col", request.weight_col, &source->weight);
  }
  if (status.ok() && !request.edge_id_col.empty()) {
    status = FindNamed(columns, "edge_id_col", request.edge_id_col, &source->edge_id);
  } else if (status.ok()) {
    source->edge_id = source->rowid;
  }
  if (!status.ok()) return status;
  const size_t type = columns.Find(request.type_col.empty() ? "type" : request.type_col);
  if (type < columns.all.size()) {
    source->type = columns.Sql(type);
  } else if (!request.type_col.empty()) {
    return FindNamed(columns, "type_col", request.type_col, &source->type);
  }
  source->types_given = request.types.has_value();
  if (source->types_given && source->type.empty()) {
    return Status::Error(Format("types: %s has no column 'type' (it has %s); name it as type_col",
                                columns.label.c_str(), columns.List().c_str()));
  }
  return status;
}

// The index on one end that is worth most.
void FindIndex(const std::string& end, const std::string& first, EdgeSource::Index worth,
               EdgeSource::Index* found) {
  if (end == first) *found = std::max(*found, worth);
}

void FindIndexes(const std::vector<TableIndex>& indexes, const Columns& columns,
                 EdgeSource* source) {
  // What each entry of an index has besides.
  std::vector<std::string> always = {"", source->rowid};
  for (const TableColumn& column : columns.all) {
    if (!column.is_rowid || source->rowid.empty()) continue;
    const std::string sql = QuoteName(column.name);
    always.push_back(sql);
    // The table itself is in this order.
    FindIndex(source->src, sql, EdgeSource::Index::kComplete, &source->src_index);
    FindIndex(source->dst, sql, EdgeSource::Index::kComplete, &source->dst_index);
  }
  for (const TableIndex& index : indexes) {
    if (index.keys.empty() || !index.keys[0].binary) continue;
    std::vector<std::string> held = always;
    for (const TableIndex::Key& key : index.keys) held.push_back(QuoteName(key.column));
    for (const std::string& name : index.others) held.push_back(QuoteName(name));
    const auto holds = [&](const std::string& sql) {
      return std::find(held.begin(), held.end(), sql) != held.end();
    };
    const bool complete = holds(source->src) && holds(source->dst) && holds(source->edge_id) &&
                          holds(source->weight) && (!source->types_given || holds(source->type));
    const auto worth = complete ? EdgeSource::Index::kComplete : EdgeSource::Index::kPlaces;
    const std::string first = QuoteName(index.keys[0].column);
    FindIndex(source->src, first, worth, &source->src_index);
    FindIndex(source->dst, first, worth, &source->dst_index);
  }
}

// "WITH name(c1, c2, ...) AS (query) ".
std::string WithQuery(const char* name, const std::string& query, size_t columns) {
  std::string sql = std::string("WITH ") + name + "(";
  for (size_t i = 1; i <= columns; ++i) sql += (i > 1 ? ", c" : "c") + std::to_string(i);
  // The query may end in a comment.
  return sql + ") AS (" + query + "\n) ";
}

constexpr const char* kEdges = "vecgraph_edges";
constexpr const char* kNodes = "vecgraph_nodes";

std::string OrNull(const std::string& sql) { return sql.empty() ? "NULL" : sql; }

// Locks the table and does not read it, for the parameter is NULL. An authorizer is asked about the
// columns all the same.
std::string HoldOf(const std::string& columns, const std::string& from) {
  return "SELECT CASE WHEN ?1 THEN (SELECT coalesce(" + columns + ", 0) FROM " + from + ") END";
}

}  // namespace

std::string EdgeSource::FeedSql() const {
  std::string sql = with + "SELECT " + kRowFeed + "(?1, " + src + ", " + dst + ", " +
                    OrNull(edge_id) + ", " + OrNull(weight) + ") FROM " + from;
  if (types_given) sql += " WHERE " + type + " IN (SELECT value FROM json_each(?2))";
  return sql;
}

std::string EdgeSource::HoldSql() const {
  std::string columns = src + ", " + dst + ", " + OrNull(edge_id) + ", " + OrNull(weight);
  if (types_given) columns += ", " + type;
  return HoldOf(columns, from);
}

std::string EdgeSource::LargestRowidSql() const { return "SELECT max(" + rowid + ") FROM " + from; }

std::string NodeSource::FeedSql() const {
  return with + "SELECT " + kRowFeed + "(?1, " + id + ") FROM " + from;
}

std::string NodeSource::HoldSql() const { return HoldOf(id, from); }

std::string NodeSource::LookupSql() const {
  return with + "SELECT " + id + " FROM " + from + " WHERE " + id + " = ?1 COLLATE BINARY";
}

std::string EdgeSource::LookupSql(Direction way) const {
  return EdgesSql(way, true, weight.empty() ? "" : ", +" + weight);
}

std::string EdgeSource::LinksSql(Direction way, bool of_one) const {
  return EdgesSql(way, of_one, ", +" + OrNull(weight) + ", +" + OrNull(type));
}

std::string EdgeSource::EdgesSql(Direction way, bool of_one, const std::string& more) const {
  const std::string& own = way == Direction::kOut ? src : dst;
  const std::string& other = way == Direction::kOut ? dst : src;
  // Of a column without the plus SQLite would note its name, its type and its table, a fifth of the
  // time that preparing takes. BINARY: two nodes are the same byte for byte, whatever collation the
  // column has.
  std::string sql = with + "SELECT +" + own + ", +" + other + ", +" + OrNull(edge_id) + more +
                    " FROM " + from + " WHERE " + own +
                    (of_one ? " = ?1 COLLATE BINARY" : " IS NOT NULL");
  if (types_given) sql += " AND " + type + " IN (SELECT value FROM json_each(?2))";
  return sql;
}

Status ResolveEdges(sqlite3* db, const EdgeRequest& request, EdgeSource* source) {
  *source = EdgeSource();
  Columns columns;
  std::vector<TableIndex> indexes;
  if (request.source_is_query) {
    std::string text;
    Status status = CheckQuery(db, request.source, &text, &columns.all);
    if (!status.ok()) return status;
    source->label = columns.label = "the query";
    columns.by_position = true;
    source->with = WithQuery(kEdges, text, columns.all.size());
    source->from = kEdges;
  } else {
    TableName table;
    Status status = FindIndexedTable(db, request.source, &table, &indexes);
    if (status.ok() && table.name.empty()) {
      status = FindTableName(db, request.source, &table);
      if (status.ok()) status = ReadIndexes(db, table, &indexes);
    }
    source->is_plain = table.kind == TableName::Kind::kTable;
    if (status.ok()) status = ReadColumns(db, table, &columns.all);
    if (status.ok()) status = FindRowidName(db, table, columns.all, &source->rowid);
    if (!status.ok()) return status;
    source->schema = table.schema;
    source->label = columns.label = table.Label();
    source->from = table.Quoted();
  }
  Status status = FindEndpoints(columns, request, source);
  if (status.ok()) status = FindOthers(columns, request, source);
  if (status.ok() && source->is_plain) FindIndexes(indexes, columns, source);
  return status;
}

Status ResolveNodes(sqlite3* db, const EdgeRequest& request, NodeSource* source) {
  *source = NodeSource();
  Columns columns;
  if (request.node_table_is_query) {
    std::string text;
    Status status = CheckQuery(db, request.node_table, &text, &columns.all);
    if (!status.ok()) return status;
    source->label = columns.label = "the query of node_table";
    columns.by_position = true;
    source->with = WithQuery(kNodes, text, columns.all.size());
    source->from = kNodes;
  } else {
    TableName table;
    Status status = FindTableName(db, request.node_table, &table);
    if (status.ok()) status = ReadColumns(db, table, &columns.all);
    if (!status.ok()) return Status::Code(status.code(), "node_table: " + status.message());
    source->is_plain = table.kind == TableName::Kind::kTable;
    source->schema = table.schema;
    source->label = columns.label = table.Label();
    source->from = table.Quoted();
  }
  size_t place = columns.Find(request.id_col.empty() ? "id" : request.id_col);
  if (place == columns.all.size() && request.id_col.empty() && columns.by_position) place = 0;
  if (place < columns.all.size()) {
    source->id = columns.Sql(place);
  } else if (!request.id_col.empty()) {
    return FindNamed(columns, "id_col", request.id_col, &source->id);
  } else {
    return Status::Error(Format("node_table: %s has no column 'id' (it has %s); name it as id_col",
                                columns.label.c_str(), columns.List().c_str()));
  }
  return Status::Ok();
}

}  // namespace vecgraph
