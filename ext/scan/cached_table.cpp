#include "scan/cached_table.h"

#include <new>
#include <utility>

namespace vecgraph {

HeldTable::HeldTable(sqlite3* db, std::shared_ptr<CachedTable> table)
    : db_(db), table_(std::move(table)) {
  table_->busy = true;
  try {
    Step();
  } catch (...) {
    table_->scan.Stop();
    table_->busy = false;
    throw;
  }
}

HeldTable::~HeldTable() {
  table_->scan.Stop();
  // If there was no memory, these may be in the middle, too.
  table_->vector_by_row.Reset();
  table_->id_by_row.Reset();
  table_->busy = false;
}

void HeldTable::Step() {
  table_->scan.Start();
  code_ = table_->scan.Next();
  key_ = code_ == SQLITE_ROW ? SampleSnapshot(db_, table_->source.schema, table_->scan.statement())
                             : SnapshotKey();
}

Status ReadRow(sqlite3* db, CachedTable* table, int64_t rowid, RowValue* value) {
  *value = RowValue();
  Statement& statement = table->vector_by_row;
  const Source& source = table->source;
  if (!statement) {
    Status status = statement.Prepare(db,
                                      "SELECT " + QuoteName(source.column) + " FROM " +
                                          source.QuotedName() + " WHERE " + source.rowid + " = ?1",
                                      SQLITE_PREPARE_PERSISTENT);
    if (!status.ok()) return status;
  }
  statement.Reset();
  statement.BindInt(1, rowid);
  const int rc = statement.Step();
  if (rc == SQLITE_DONE) return Status::Ok();
  if (rc != SQLITE_ROW) return DatabaseError(db, rc, "reading " + source.Label());
  value->type = sqlite3_column_type(statement.get(), 0);
  if (value->type != SQLITE_BLOB) return Status::Ok();
  value->blob = static_cast<const uint8_t*>(sqlite3_column_blob(statement.get(), 0));
  value->bytes = sqlite3_column_bytes(statement.get(), 0);
  if (!value->blob && value->bytes > 0) throw std::bad_alloc();
  return Status::Ok();
}

bool HeldTable::Renew() {
  const SnapshotKey before = key_;
  Step();
  return key_.SameAs(before);
}

}  // namespace vecgraph
