// CachedTable: a plain table that was searched, with its statements and what is in memory of it.
// HeldTable: a read lock on it, and the snapshot that it shows.
//
// REQUIRES: destroyed before the connection closes; the table cache sees to it.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/snapshot.h"
#include "scan/change_log.h"
#include "scan/column_scan.h"
#include "scan/matrix.h"
#include "scan/shared_matrix.h"

namespace vecgraph {

struct CachedMatrix {
  std::shared_ptr<SharedMatrix> shared;  // of a tracked table: then this is all there is
  std::unique_ptr<Matrix> matrix;        // null: none, or given up
  SnapshotKey key;                       // of its content; unknown: not to be used
  ElementType element = ElementType::kFloat32;
  size_t dims = 0;
  int64_t expected_rows = 0;  // as many as the last search saw
  SnapshotKey seen;           // by the last search,
  LogPosition seen_position;  // if the table is tracked
  int repeats = 0;            // searches that saw the same
  int needed = 1;             // repeats after which the matrix is filled
  int64_t served = 0;         // searches by this content
  bool refused = false;       // there was no memory for it,
  int64_t refused_cap = 0;    // under this cap
  uint64_t used = 0;          // when, in turns of the cache
};

struct CachedTable {
  // A way in which it is asked for: 't', 'T' and 'main.t' are one table.
  struct Name {
    std::string text;
    std::string column;
    int reprepares = 0;  // of `scan` when the name was looked up
  };

  std::vector<Name> names;
  Source source;
  ColumnScan scan;          // (rowid, vector)
  Statement vector_by_row;  // prepared when first needed
  Statement id_by_row;
  ChangeLog log;        // usable if log.tracked()
  int log_looked = -1;  // reprepares of `scan` when it was looked for
  bool busy = false;    // held: neither its scan nor a matrix may be touched by anybody else
  std::vector<std::unique_ptr<CachedMatrix>> matrices;
  uint64_t used = 0;
};

// A step of the table's scan: while it lives, a read lock is held and the content fixed.
// REQUIRES: the table is not busy.
class HeldTable {
 public:
  HeldTable(sqlite3* db, std::shared_ptr<CachedTable> table);
  HeldTable(const HeldTable&) = delete;
  HeldTable& operator=(const HeldTable&) = delete;
  ~HeldTable();

  int code() const { return code_; }  // SQLITE_ROW, SQLITE_DONE (an empty table) or an error
  const SnapshotKey& key() const { return key_; }
  CachedTable& table() const { return *table_; }
  // Steps from the first row again. False: the content is another one now.
  bool Renew();

 private:
  void Step();

  sqlite3* db_;
  const std::shared_ptr<CachedTable> table_;
  int code_ = 0;
  SnapshotKey key_;
};

// The value of a row's vector column; `blob` is valid until the next call.
struct RowValue {
  int type = 0;  // 0: there is no such row
  int bytes = 0;
  const uint8_t* blob = nullptr;  // of a blob
};
Status ReadRow(sqlite3* db, CachedTable* table, int64_t rowid, RowValue* value);

}  // namespace vecgraph
