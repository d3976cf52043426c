// The part of TableCache that is about tracked tables.
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "scan/table_cache.h"

namespace vecgraph {
namespace {

// How many changed rows are followed one by one. More would hold the lock, or read the table row by
// row, for too long.
int64_t MostChanges(int64_t rows) { return std::min<int64_t>(rows / 16 + 256, 4096); }

// How many events of the log are read to learn which rows changed: of few, each may have changed
// several times. A log with more would take too long to read, in each search.
int64_t MostEvents(int64_t rows) { return 4 * MostChanges(rows); }

// Searches for which a reader of an older snapshot leaves the matrix to the others.
constexpr int kPatience = 16;

// Takes a lock that others hold for short. Not for ever: a search that is made by a function of the
// user within another one may wait for what its own thread has. An error: interrupted.
template <template <class> class Lock>
Status LockSoon(std::shared_mutex* mutex, InterruptPoll* interrupt, Lock<std::shared_mutex>* lock) {
  *lock = Lock<std::shared_mutex>(*mutex, std::defer_lock);
  for (int attempt = 0; !lock->try_lock() && attempt < 50; ++attempt) {
    const int code = interrupt->Poll();
    if (code != SQLITE_OK) return Status::Code(code, "interrupted");
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return Status::Ok();
}

}  // namespace

Status TableCache::ReadyTracked(sqlite3* db, const KernelTable& kernel, HeldTable* held,
                                CachedMatrix* entry, Filling filling, int threads,
                                MatrixView* view) {
  constexpr int kAttempts = 4;
  CachedTable& table = held->table();
  ChangeLog& log = table.log;
  if (!entry->shared) {
    entry->shared = FindShared(db, table.source, entry->element, entry->dims);
  }
  const std::shared_ptr<SharedMatrix> shared = entry->shared;
  // Known only outside of write transactions, and not for who reads what others have not committed:
  // a row that is rolled back while it is copied would stay.
  const bool committed = held->key().known;
  bool may_refresh = committed;
  Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::shared_lock<std::shared_mutex> lock;
    status = LockSoon(&shared->mutex, &interrupt_, &lock);
    if (!status.ok() || !lock) return status;
    const LogPosition from = shared->position;
    if (shared->matrix && from.known() && !shared->matrix->Ragged()) {
      bool chained = false;
      LogPosition to;
      std::vector<int64_t> rowids;
      const auto rows = static_cast<int64_t>(shared->matrix->rows());
      status = log.Changes(from, MostEvents(rows), &chained, &rowids, &to);
      if (!status.ok()) return status;
      if (chained && static_cast<int64_t>(rowids.size()) <= MostChanges(rows)) {
        if (rowids.empty() || !may_refresh) {
          ++entry->served;
          *view = {shared->matrix.get(), std::move(rowids), shared, std::move(lock)};
          return status;
        }
        lock.unlock();
        status = Refresh(db, &table, shared.get(), from, rowids, to, threads, &may_refresh);
        if (!status.ok()) return status;
        continue;
      }
    }
    const LogPosition held_position = from;
    const bool filled_before = shared->matrix != nullptr;
    lock.unlock();

    LogPosition tail;
    status = log.Tail(&tail);
    if (!status.ok() || !tail.known() || !committed) return status;
    // A table that changes all over between any two searches is not worth a copy.
    if (entry->seen_position.schema_version != tail.schema_version ||
        tail.seq - entry->seen_position.seq > MostChanges(entry->expected_rows)) {
      entry->repeats = 0;
      entry->refused = false;
    }
    entry->seen_position = tail;
    if (filled_before && entry->served > 0) Outdated(entry);
    const bool older = filled_before && held_position.schema_version == tail.schema_version &&
                       tail.seq < held_position.seq;
    if (older && entry->repeats++ < kPatience) return status;
    if (!Due(entry, filling)) return status;
    std::unique_ptr<Matrix> matrix = NewMatrix(kernel, table, *entry, &shared->memory);
    bool filled = false;
    if (matrix) {
      status = Fill(db, held, matrix.get(), threads, &filled);
      entry->expected_rows = std::max(entry->expected_rows, static_cast<int64_t>(matrix->rows()));
    }
    held->Renew();  // the lock; what changed in between is in the log
    if (!filled) {
      if (status.ok()) Refuse(entry);
      return status;
    }
    {
      std::unique_lock<std::shared_mutex> alone;
      status = LockSoon(&shared->mutex, &interrupt_, &alone);
      if (!status.ok() || !alone) return status;
      std::swap(shared->matrix, matrix);
      shared->position = tail;
    }
    entry->served = 0;
  }
  return status;
}

// Brings a shared matrix from one position of the log to another. `*done` is false if others hold
// it all the time.
Status TableCache::Refresh(sqlite3* db, CachedTable* table, SharedMatrix* shared,
                           const LogPosition& from, const std::vector<int64_t>& rowids,
                           const LogPosition& to, int threads, bool* done) {
  struct NewRow {
    int64_t rowid;
    int type;  // 0: there is no such row
    int bytes;
    size_t at;
  };
  std::vector<NewRow> rows;
  std::vector<uint8_t> blobs;
  rows.reserve(rowids.size());
  *done = false;
  for (const int64_t rowid : rowids) {
    RowValue value;
    Status status = ReadRow(db, table, rowid, &value);
    if (!status.ok()) return status;
    rows.push_back({rowid, value.type, value.bytes, blobs.size()});
    blobs.insert(blobs.end(), value.blob, value.blob + value.bytes);
  }
  table->vector_by_row.Reset();
  std::unique_lock<std::shared_mutex> alone;
  Status status = LockSoon(&shared->mutex, &interrupt_, &alone);
  if (!status.ok() || !alone) return status;
  *done = true;
  if (!(shared->position == from)) return Status::Ok();  // somebody else was quicker
  // Whatever stops this leaves nothing half done behind.
  shared->position = {};
  std::unique_ptr<Matrix> matrix = std::move(shared->matrix);
  constexpr size_t kStretch = 64;  // rows between two polls; without vectors, Put() encodes
  for (size_t i = 0; i < rows.size(); ++i) {
    const NewRow& row = rows[i];
    if (i % kStretch == 0) {
      if (const int code = interrupt_.Poll()) return Status::Code(code, "interrupted");
    }
    if (row.type == 0) {
      matrix->Erase(row.rowid);
    } else if (!matrix->Put(row.rowid, row.type, blobs.data() + row.at, row.bytes)) {
      return Status::Ok();
    }
  }
  status = matrix->has_vectors() ? Encode(matrix.get(), threads) : Status::Ok();
  if (!status.ok()) return status;
  matrix->FinishChanges();
  shared->matrix = std::move(matrix);
  shared->position = to;
  return Status::Ok();
}

}  // namespace vecgraph
