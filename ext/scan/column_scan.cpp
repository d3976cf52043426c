#include "scan/column_scan.h"

namespace vecgraph {

namespace {

// "SELECT rowid, vector FROM table", with the id at the end if it is a column that is wanted.
std::string RowsSql(const Source& source, bool with_id) {
  return "SELECT " + source.rowid + ", " + QuoteName(source.column) +
         (with_id ? ", " + QuoteName(source.id) : "") + " FROM " + source.QuotedName();
}

}  // namespace

Status ColumnScan::Open(sqlite3* db, const Source& source, bool with_id) {
  by_rowid_ = source.has_rowid();
  if (by_rowid_) {
    with_id = with_id && !source.id.empty();
    id_column_ = with_id ? 2 : -1;
    std::string sql = RowsSql(source, with_id);
    // An index that has all columns would give another order, and then another row is the first
    // that is faulty.
    if (source.kind == Source::Kind::kTable) sql += " NOT INDEXED ORDER BY " + source.rowid;
    return all_.Prepare(db, sql, SQLITE_PREPARE_PERSISTENT);
  }
  id_column_ = 0;
  if (source.kind != Source::Kind::kQuery) {
    return all_.Prepare(db,
                        "SELECT " + QuoteName(source.id) + ", " + QuoteName(source.column) +
                            " FROM " + source.QuotedName(),
                        SQLITE_PREPARE_PERSISTENT);
  }
  Status status = all_.Prepare(db, source.name, SQLITE_PREPARE_PERSISTENT);
  if (!status.ok()) return status;
  for (int i = sqlite3_column_count(all_.get()) - 1; i >= 0; --i) {
    const char* name = sqlite3_column_name(all_.get(), i);
    if (!name) throw std::bad_alloc();
    if (source.column == name) vector_column_ = i;
    if (source.id == name) id_column_ = i;
  }
  return status;
}

std::string RowSql(const Source& source, bool with_id) {
  return RowsSql(source, with_id && !source.id.empty()) + " WHERE " + source.rowid + " = ?1";
}

}  // namespace vecgraph
