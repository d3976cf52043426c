#include "graph/edge_source.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/catalog.h"
#include "base/name.h"
#include "base/statement.h"
#include "graph/row_feed.h"

namespace vecgraph {
namespace {

// The columns of a source, each with the SQL that reads it: all of them, or asked for one by one.
class Columns {
 public:
  std::string label;                // of the source
  bool by_position = false;         // of a query: c1, c2, ..., since its names may repeat
  std::vector<TableColumn> all;     // unless they are asked for
  std::vector<std::string> rowids;  // the SQL of those found that are the rowid

  // REQUIRES: see FindColumn(); `table` outlives it.
  void AskFor(sqlite3* db, const TableName& table) { db_ = db, table_ = &table; }

  // `*sql`: empty if there is none.
  Status Find(std::string_view name, std::string* sql) {
    sql->clear();
    // A name of the rowid may be a column's.
    Status status = IsRowidName(name) ? ReadAll() : Status::Ok();
    bool found = false;
    bool is_rowid = false;
    if (status.ok() && table_) {
      status = FindColumn(db_, *table_, name, &found, &is_rowid);
      if (found) *sql = QuoteName(name);
    }
    for (size_t i = 0; i < all.size() && !found; ++i) {
      found = SameName(all[i].name, name);
      if (!found) continue;
      is_rowid = all[i].is_rowid;
      *sql = Sql(i);
    }
    if (is_rowid) rowids.push_back(*sql);
    return status;
  }
  std::string Sql(size_t i) const {
    return by_position ? Format("c%zu", i + 1) : QuoteName(all[i].name);
  }
  // "source, target", for messages.
  Status List(std::string* list) {
    Status status = ReadAll();
    for (const TableColumn& column : all) *list += (list->empty() ? "" : ", ") + column.name;
    return status;
  }

 private:
  Status ReadAll() {
    if (!table_) return Status::Ok();
    return ReadColumns(db_, *std::exchange(table_, nullptr), &all);
  }

  sqlite3* db_ = nullptr;
  const TableName* table_ = nullptr;  // null: `all` are known
};

// An error that ends in the list of columns: `text` (it has ...)`end`.
Status WithList(Columns* columns, const std::string& text, const std::string& end = "") {
  std::string list;
  Status status = columns->List(&list);
  return status.ok() ? Status::Error(text + " (it has " + list + ")" + end) : std::move(status);
}

Status FindNamed(Columns* columns, const char* argument, const std::string& name,
                 std::string* sql) {
  Status status = columns->Find(name, sql);
  if (!status.ok() || !sql->empty()) return status;
  return WithList(
      columns, Format("%s: %s has no column '%s'", argument, columns->label.c_str(), name.c_str()));
}

// The endpoints that are not named.
Status FindEndpoints(Columns* columns, const EdgeRequest& request, EdgeSource* source) {
  Status status;
  if (!request.src_col.empty()) {
    status = FindNamed(columns, "src_col", request.src_col, &source->src);
  }
  if (status.ok() && !request.dst_col.empty()) {
    status = FindNamed(columns, "dst_col", request.dst_col, &source->dst);
  }
  if (!status.ok() || (!source->src.empty() && !source->dst.empty())) return status;
  std::string src;
  std::string dst;
  constexpr const char* kPairs[][2] = {{"source", "target"}, {"src", "dst"}};
  if (columns->by_position && columns->all.size() >= 2) {
    src = columns->Sql(0);
    dst = columns->Sql(1);
  }
  for (const auto& pair : kPairs) {
    if (!src.empty() && !dst.empty()) break;
    status = columns->Find(pair[0], &src);
    if (status.ok()) status = columns->Find(pair[1], &dst);
    if (!status.ok()) return status;
  }
  if (src.empty() || dst.empty()) {
    return WithList(columns, columns->label + " has no columns source and target, or src and dst",
                    "; name the two as src_col and dst_col");
  }
  if (source->src.empty()) source->src = src;
  if (source->dst.empty()) source->dst = dst;
  return status;
}

Status FindOthers(Columns* columns, const EdgeRequest& request, EdgeSource* source) {
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
  status = request.type_col.empty()
               ? columns->Find("type", &source->type)
               : FindNamed(columns, "type_col", request.type_col, &source->type);
  source->types_given = request.types.has_value();
  if (status.ok() && source->types_given && source->type.empty()) {
    return WithList(columns, "types: " + columns->label + " has no column 'type'",
                    "; name it as type_col");
  }
  return status;
}

// The index on one end that is worth most.
void FindIndex(const std::string& end, const std::string& first, EdgeSource::Index worth,
               EdgeSource::Index* found) {
  if (SameName(end, first)) *found = std::max(*found, worth);
}

// Reads indexes until the ends that the direction asks for have a complete one.
Status FindIndexes(sqlite3* db, const TableName& table, std::vector<TableIndex>* indexes,
                   const Columns& columns, Direction direction, EdgeSource* source) {
  // What each entry of an index has besides.
  std::vector<std::string> always = {"", source->rowid};
  for (const std::string& sql : columns.rowids) {
    if (source->rowid.empty()) break;
    always.push_back(sql);
    // The table itself is in this order.
    FindIndex(source->src, sql, EdgeSource::Index::kComplete, &source->src_index);
    FindIndex(source->dst, sql, EdgeSource::Index::kComplete, &source->dst_index);
  }
  for (TableIndex& index : *indexes) {
    if (source->IndexOf(direction) == EdgeSource::Index::kComplete) break;
    Status status = ReadIndex(db, table, &index);
    if (!status.ok()) return status;
    if (index.keys.empty() || !index.keys[0].binary) continue;
    std::vector<std::string> held = always;
    for (const TableIndex::Key& key : index.keys) held.push_back(QuoteName(key.column));
    for (const std::string& name : index.others) held.push_back(QuoteName(name));
    const auto holds = [&](const std::string& sql) {
      return std::any_of(held.begin(), held.end(),
                         [&](const std::string& one) { return SameName(one, sql); });
    };
    const bool complete = holds(source->src) && holds(source->dst) && holds(source->edge_id) &&
                          holds(source->weight) && (!source->types_given || holds(source->type));
    const auto worth = complete ? EdgeSource::Index::kComplete : EdgeSource::Index::kPlaces;
    const std::string first = QuoteName(index.keys[0].column);
    FindIndex(source->src, first, worth, &source->src_index);
    FindIndex(source->dst, first, worth, &source->dst_index);
  }
  return Status::Ok();
}

// A name of the rowid that is no other column's. REQUIRES: see FindColumn().
Status FindRowid(sqlite3* db, const TableName& table, std::string* rowid) {
  for (const char* name : kRowidNames) {
    bool found = false;
    bool is_rowid = false;
    Status status = FindColumn(db, table, name, &found, &is_rowid);
    if (!status.ok()) return status;
    if (!is_rowid) continue;
    *rowid = name;
    break;
  }
  return Status::Ok();
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
  TableName table;
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
    Status status = FindIndexedTable(db, request.source, &table, &indexes);
    bool ask = !table.name.empty();
    if (status.ok() && !ask) {
      status = FindTableName(db, request.source, &table);
      if (status.ok()) status = ListIndexes(db, table, &indexes);
    }
    for (const TableIndex& index : indexes) ask = ask && !index.is_primary_key;
    source->is_plain = table.kind == TableName::Kind::kTable;
    if (status.ok() && ask) {
      columns.AskFor(db, table);
      status = FindRowid(db, table, &source->rowid);
    } else {
      if (status.ok()) status = ReadColumns(db, table, &columns.all);
      if (status.ok()) status = FindRowidName(db, table, columns.all, &source->rowid);
    }
    if (!status.ok()) return status;
    source->schema = table.schema;
    source->label = columns.label = table.Label();
    source->from = table.Quoted();
  }
  Status status = FindEndpoints(&columns, request, source);
  if (status.ok()) status = FindOthers(&columns, request, source);
  if (!status.ok() || !source->is_plain) return status;
  return FindIndexes(db, table, &indexes, columns, request.direction, source);
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
  if (!request.id_col.empty()) return FindNamed(&columns, "id_col", request.id_col, &source->id);
  Status status = columns.Find("id", &source->id);
  if (!status.ok() || !source->id.empty()) return status;
  if (columns.by_position) {
    source->id = columns.Sql(0);
    return status;
  }
  return WithList(&columns, "node_table: " + columns.label + " has no column 'id'",
                  "; name it as id_col");
}

}  // namespace vecgraph
