#include "health/sample.h"

namespace vecgraph {

Status ReadRowids(sqlite3* db, const TableInfo& table, int64_t* first, int64_t* last) {
  *first = 0;
  *last = -1;
  // One statement each: together, min() and max() would read the whole table.
  const std::string from = " FROM " + table.Quoted();
  Cell cell;
  Status status = ReadCell(db, "SELECT min(" + table.rowid + ")" + from, {}, &cell);
  if (!status.ok() || IsNull(cell)) return status;
  status = ReadInt(db, "SELECT max(" + table.rowid + ")" + from, {}, last);
  if (const auto* number = std::get_if<int64_t>(&cell)) *first = *number;
  return status;
}

Status EstimateRows(sqlite3* db, const TableInfo& table, int64_t* rows) {
  *rows = -1;
  if (table.rowid.empty()) return Status::Ok();
  int64_t first = 0;
  int64_t last = -1;
  Status status = ReadRowids(db, table, &first, &last);
  const auto span = static_cast<uint64_t>(last) - static_cast<uint64_t>(first) + 1;
  if (status.ok() && span <= static_cast<uint64_t>(INT64_MAX)) *rows = static_cast<int64_t>(span);
  return status;
}

}  // namespace vecgraph
