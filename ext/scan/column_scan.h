// ColumnScan: the rows (rowid or id, vector) of a source, one after the other; those of a table in
// the order of their rowids.
//
// Holds one prepared statement. Between Start() and Stop() it holds a read lock and the value of
// the current row; outside them nothing.
// Threads: as the connection.
#pragma once

#include <cstdint>

#include "base/statement.h"
#include "scan/source.h"

namespace vecgraph {

class ColumnScan {
 public:
  // Prepares the scan of all rows; with the id column of a table that has one if `with_id`.
  Status Open(sqlite3* db, const Source& source, bool with_id);

  // SQLITE_ROW, SQLITE_DONE or an error code.
  int Next() {
    ++ordinal_;
    return all_.Step();
  }
  void Stop() { all_.Reset(); }

  // The table's rowid; without one the running number of the scan, from 1.
  int64_t rowid() const { return by_rowid_ ? all_.Int(0) : ordinal_; }
  // The value of the source's id column; null if it is the rowid or was not asked for. A source
  // without rowids always has it.
  sqlite3_value* id() const {
    return id_column_ < 0 ? nullptr : sqlite3_column_value(all_.get(), id_column_);
  }
  // The value of the vector column, valid until Next(). One call for all of it: each
  // sqlite3_column function takes and releases the connection's mutex.
  sqlite3_value* vector() const { return sqlite3_column_value(all_.get(), vector_column_); }
  sqlite3_stmt* statement() const { return all_.get(); }

  void Start() {
    all_.Reset();
    ordinal_ = 0;
  }

  explicit operator bool() const { return static_cast<bool>(all_); }

 private:
  Statement all_;
  bool by_rowid_ = false;
  int id_column_ = -1;
  int vector_column_ = 1;
  int64_t ordinal_ = 0;
};

// The SELECT of (rowid, vector, id) that finds one row of a table by its rowid ?1.
std::string RowSql(const Source& source, bool with_id);

}  // namespace vecgraph
