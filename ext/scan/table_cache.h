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
#include "scan/cached_table.h"

namespace vecgraph {

// What a search may use, and must not keep longer than its HeldTable.
struct MatrixView {
  const Matrix* matrix = nullptr;  // null: nothing
  // Rows of which the matrix shows another state than the table: to be left out, and read.
  std::vector<int64_t> changed;
  std::shared_ptr<SharedMatrix> shared;  // keeps `lock` valid
  std::shared_lock<std::shared_mutex> lock;
};

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
  void ForgetName(const std::shared_ptr<CachedTable>& table, std::string_view text,
                  std::string_view column);
  Status ReadyTracked(sqlite3* db, const KernelTable& kernel, HeldTable* held, CachedMatrix* entry,
                      Filling filling, int threads, MatrixView* view);
  void Outdated(CachedMatrix* entry);
  void Refuse(CachedMatrix* entry);
  Status Refresh(sqlite3* db, CachedTable* table, SharedMatrix* shared, const LogPosition& from,
                 const std::vector<int64_t>& rowids, const LogPosition& to, int threads,
                 bool* done);
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
