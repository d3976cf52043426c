#include "scan/column_scan.h"

namespace vecgraph {

Status ColumnScan::Open(sqlite3* db, const Source& source) {
  by_rowid_ = source.has_rowid();
  if (source.kind == Source::Kind::kQuery) {
    Status status = all_.Prepare(db, source.name, SQLITE_PREPARE_PERSISTENT);
    if (!status.ok()) return status;
    for (int i = sqlite3_column_count(all_.get()) - 1; i >= 0; --i) {
      const char* name = sqlite3_column_name(all_.get(), i);
      if (!name) throw std::bad_alloc();
      if (source.column == name) vector_column_ = i;
      if (source.id == name) id_column_ = i;
    }
    return Status::Ok();
  }
  const std::string key = by_rowid_ ? source.rowid : QuoteName(source.id);
  return all_.Prepare(
      db, "SELECT " + key + ", " + QuoteName(source.column) + " FROM " + source.QuotedName(),
      SQLITE_PREPARE_PERSISTENT);
}

std::string RowSql(const Source& source) {
  return "SELECT " + source.rowid + ", " + QuoteName(source.column) + " FROM " +
         source.QuotedName() + " WHERE " + source.rowid + " = ?1";
}

}  // namespace vecgraph
