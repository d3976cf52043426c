// TableCache: the tables that a connection has searched, and their vectors in memory.
//
// A matrix is used only while the snapshot key of its table, sampled under a read lock, equals the
// one under which it was filled (base/snapshot.h): then the table cannot have changed. It is filled
// when a search finds the same key as the one before, so a table that changes between any two
// searches is only ever streamed; if matrices of a table turn out to be dropped unused, more
// searches have to come first, and if they serve long, the first search after a write fills anew.
// Filling again compares the rows with those in memory and encodes only what differs.
//
// The matrix of a tracked table (track.h) is shared by the process and follows the table's log
// instead: it survives commits to other tables and is brought up to date row by row. Within a
// write transaction it is used too, without the rows that the log says have changed.
//
// All statements belong to the cache, and the cache to the virtual tables that use it: the last one
// that SQLite disconnects empties it, before the connection closes.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/memory.h"
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
  SnapshotKey refused;        // the content for which there was no memory,
  int64_t refused_cap = 0;    // under this cap
  uint64_t used = 0;          // when, in turns of the cache
};

struct CachedTable {
  std::string text;  // the names it was asked for by
  std::string column;
  Source source;
  ColumnScan scan;          // (rowid, vector)
  Statement vector_by_row;  // prepared when first needed
  Statement id_by_row;
  int reprepares = 0;   // of `scan` when the names were looked up
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

// What a search may use, and must not keep longer than its HeldTable.
struct MatrixView {
  const Matrix* matrix = nullptr;  // null: nothing
  // Rows of which the matrix shows another state than the table: to be left out, and read.
  std::vector<int64_t> changed;
  std::shared_ptr<SharedMatrix> shared;  // keeps `lock` valid
  std::shared_lock<std::shared_mutex> lock;
};

// The value of a row's vector column; `blob` is valid until the next call.
struct RowValue {
  int type = 0;  // 0: there is no such row
  int bytes = 0;
  const uint8_t* blob = nullptr;  // of a blob
};
Status ReadRow(sqlite3* db, CachedTable* table, int64_t rowid, RowValue* value);

class TableCache {
 public:
  // Each virtual table that uses the cache attaches itself once.
  void Attach() { ++users_; }
  void Detach() {
    if (--users_ == 0) Clear();
  }

  // The table of a name, looked up again if the schema has changed since. Only a plain table is
  // kept; for anything else, and for one that a search around this one holds, `*table` is null and
  // `*source` is set.
  Status Open(sqlite3* db, std::string_view text, std::string_view column,
              std::shared_ptr<CachedTable>* table, Source* source);
  // The entry for vectors like these; made if there is none.
  CachedMatrix& MatrixOf(CachedTable* table, ElementType element, size_t dims);

  // Gives the matrix if it shows the content that `held` does. Fills it first if `filling` says so
  // and there is memory; a failure to fill is no error, an interrupt is one.
  enum class Filling { kNever, kWhenDue, kNow };
  Status Ready(sqlite3* db, const KernelTable& kernel, HeldTable* held, CachedMatrix* entry,
               Filling filling, int threads, MatrixView* view);

  MemoryCap& memory() { return memory_; }
  // Frees what no longer fits.
  void SetCap(int64_t bytes);
  void Clear() { tables_.clear(), interrupt_ = {}; }
  InterruptPoll& interrupt() { return interrupt_; }
  const std::vector<std::shared_ptr<CachedTable>>& tables() const { return tables_; }

 private:
  Status ReadyTracked(sqlite3* db, const KernelTable& kernel, HeldTable* held, CachedMatrix* entry,
                      Filling filling, int threads, MatrixView* view);
  void Outdated(CachedMatrix* entry);
  void Refuse(CachedMatrix* entry, const SnapshotKey& key);
  Status Refresh(sqlite3* db, CachedTable* table, SharedMatrix* shared, const LogPosition& from,
                 const std::vector<int64_t>& rowids, const LogPosition& to, bool* done);
  bool Due(CachedMatrix* entry, Filling filling);
  bool Fits(int64_t bytes) const;
  int64_t used() const;
  bool MakeRoom(int64_t bytes, const CachedTable* own, const CachedMatrix* keep);
  std::unique_ptr<Matrix> NewMatrix(const KernelTable& kernel, const CachedTable& table,
                                    const CachedMatrix& entry, MemoryCap* memory);
  Status Fill(sqlite3* db, HeldTable* held, Matrix* matrix, int threads, bool* filled);
  Status Encode(Matrix* matrix, int threads);

  MemoryCap memory_;
  InterruptPoll interrupt_;
  std::vector<std::shared_ptr<CachedTable>> tables_;
  int users_ = 0;
  uint64_t turn_ = 0;
};

}  // namespace vecgraph
