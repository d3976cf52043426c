#include "health/stats.h"

#include "health/query.h"
#include "health/table_list.h"
#include "health/tune.h"

namespace vecgraph {
namespace {

class Reader {
 public:
  Reader(sqlite3* db, bool dbstat, std::vector<StatsRow>* rows)
      : db_(db), dbstat_(dbstat), rows_(rows) {}

  Status ReadSchema(const std::string& schema) {
    trees_.clear();
    StatsRow& row = Add(schema, "database", schema, {});
    Status status = ReadPages(schema, &row);
    if (status.ok() && dbstat_) status = ReadTrees(db_, schema, &trees_);
    if (!status.ok()) return Note(status, &row);
    std::vector<TableInfo> tables;
    status = ListTables(db_, schema, &tables);
    if (!status.ok()) return Note(status, &row);
    for (const TableInfo& table : tables) {
      status = ReadTable(table);
      if (!status.ok()) return status;
    }
    return Status::Ok();
  }

 private:
  StatsRow& Add(const std::string& schema, const char* kind, const std::string& name,
                const std::string& table) {
    StatsRow& row = rows_->emplace_back();
    row.schema = schema;
    row.kind = kind;
    row.name = name;
    row.table = table;
    return row;
  }

  // Keeps a failure in its row, unless all work has to end.
  static Status Note(const Status& status, StatsRow* row) {
    if (MustStop(status)) return Status::Code(status.code(), status.message());
    if (!status.ok()) row->problem = status.message();
    return Status::Ok();
  }

  Status ReadPages(const std::string& schema, StatsRow* row) {
    Cell size;
    Cell pages;
    Cell free;
    Status status = ReadPragma(db_, schema, "page_size", &size);
    if (status.ok()) status = ReadPragma(db_, schema, "page_count", &pages);
    if (status.ok()) status = ReadPragma(db_, schema, "freelist_count", &free);
    if (!status.ok()) return status;
    const auto number = [](const Cell& cell) {
      const auto* value = std::get_if<int64_t>(&cell);
      return value ? *value : 0;
    };
    row->pages = pages;
    row->bytes = number(pages) * number(size);
    row->unused = number(free) * number(size);
    return status;
  }

  // What dbstat says of a b-tree, whose cells are rows: all of them in an index.
  void TakePages(const std::string& name, bool is_index, StatsRow* row) {
    const auto found = trees_.find(name);
    if (found == trees_.end()) return;
    const TreePages& tree = found->second;
    const int64_t rows = is_index ? tree.cells : tree.leaf_cells;
    row->pages = tree.pages;
    row->bytes = tree.bytes;
    row->overflow = tree.overflow;
    row->unused = tree.unused;
    row->rows = rows;
    if (rows > 0) row->average_row = tree.payload / rows;
  }

  Status ReadTable(const TableInfo& table) {
    StatsRow& row = Add(table.schema, "table", table.name, {});
    TakePages(table.name, !table.has_rowid, &row);
    Status status;
    if (IsNull(row.rows)) {
      status = Note(ReadCell(db_, "SELECT count(*) FROM " + table.Quoted(), {}, &row.rows), &row);
    }
    if (status.ok() && !table.embeddings.empty()) {
      status = Note(ReadEmbeddings(table, &row), &row);
    }
    return status.ok() ? ReadIndexes(table) : std::move(status);
  }

  // length() reads the header of a row, never the pages that its vector spills to.
  Status ReadEmbeddings(const TableInfo& table, StatsRow* row) {
    std::string sum;
    for (const std::string& column : table.embeddings) {
      const std::string name = QuoteName(column);
      if (!sum.empty()) sum += " + ";
      sum.append("ifnull(sum(CASE typeof(").append(name).append(") WHEN 'blob' THEN length(");
      sum.append(name).append(") END), 0)");
    }
    return ReadCell(db_, "SELECT " + sum + " FROM " + table.Quoted(), {}, &row->embedding_bytes);
  }

  Status ReadIndexes(const TableInfo& table) {
    std::vector<std::string> names;
    const std::string sql = "SELECT name FROM " + QuoteName(table.schema) +
                            ".sqlite_master WHERE type = 'index' AND tbl_name = ?1 ORDER BY name";
    Status status = ForEachRow(db_, sql, {table.name},
                               [&](const Statement& row) { names.push_back(row.Text(0)); });
    for (const std::string& name : names) {
      TakePages(name, true, &Add(table.schema, "index", name, table.name));
    }
    return status;
  }

  sqlite3* db_;
  bool dbstat_;
  std::vector<StatsRow>* rows_;
  std::map<std::string, TreePages> trees_;
};

}  // namespace

Status HasDbstat(sqlite3* db, bool* has) {
  *has = false;
  int64_t hidden = 0;
  Status status = ReadInt(
      db, "SELECT count(*) FROM main.sqlite_master WHERE lower(name) = 'dbstat'", {}, &hidden);
  if (!status.ok() || hidden > 0) return status;
  Statement probe;
  const Status prepared = probe.Prepare(db, "SELECT pagetype FROM main.dbstat");
  if (MustStop(prepared)) return Status::Code(prepared.code(), prepared.message());
  *has = prepared.ok();
  return status;
}

Status ReadTrees(sqlite3* db, const std::string& schema, std::map<std::string, TreePages>* trees) {
  return ForEachRow(
      db,
      "SELECT name, pagetype, count(*), sum(pgsize), sum(unused), sum(payload), sum(ncell) "
      "FROM main.dbstat WHERE schema = ?1 GROUP BY name, pagetype",
      {schema}, [&](const Statement& row) {
        TreePages& tree = (*trees)[row.Text(0)];
        const std::string type = row.Text(1);
        tree.pages += row.Int(2);
        tree.bytes += row.Int(3);
        tree.unused += row.Int(4);
        tree.payload += row.Int(5);
        tree.cells += row.Int(6);
        if (type == "overflow") tree.overflow += row.Int(2);
        if (type != "leaf") return;
        tree.leaves += row.Int(2);
        tree.leaf_payload += row.Int(5);
        tree.leaf_cells += row.Int(6);
      });
}

Status ReadStats(sqlite3* db, std::vector<StatsRow>* rows) {
  bool dbstat = false;
  Status status = HasDbstat(db, &dbstat);
  if (MustStop(status)) return status;
  std::vector<std::string> schemas;
  status = ListSchemas(db, &schemas);
  Reader reader(db, dbstat, rows);
  for (const std::string& schema : schemas) {
    if (status.ok()) status = reader.ReadSchema(schema);
  }
  return status;
}

}  // namespace vecgraph
