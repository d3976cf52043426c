#include "scan/table_cache.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/workers.h"

namespace vecgraph {
namespace {

constexpr size_t kMostTables = 64;
constexpr size_t kMostMatrices = 8;  // of one table: of different lengths
constexpr size_t kMostNames = 8;     // of one table
constexpr int kMostNeeded = 16;
constexpr int64_t kServedLong = 8;
constexpr int kRetry = 64;  // searches after which memory is asked for again

// Whether the meaning of a name is settled by the schemas that the table's own statement watches: a
// change in the temporary schema expires every statement, one in main those that read main. A table
// of an attached database can be hidden by a new one that its statement does not see.
bool Watched(const Source& source, std::string_view text) {
  return (source.schema == "main" || source.schema == "temp") &&
         text.find('.') == std::string_view::npos;
}

int Reprepares(const CachedTable& table) {
  return sqlite3_stmt_status(table.scan.statement(), SQLITE_STMTSTATUS_REPREPARE, 0);
}

CachedTable::Name* FindName(CachedTable* table, std::string_view text, std::string_view column) {
  for (CachedTable::Name& name : table->names) {
    if (name.text == text && name.column == column) return &name;
  }
  return nullptr;
}

// A failure that looking up the names again does not mend: locked, interrupted, corrupt. Going on
// would wait for a lock a second time.
bool NotForNames(int code) {
  const int primary = code & 0xff;
  return primary != SQLITE_ROW && primary != SQLITE_DONE && primary != SQLITE_ERROR &&
         primary != SQLITE_SCHEMA;
}

Status ReadingError(sqlite3* db, const HeldTable& held) {
  return DatabaseError(db, held.code(), "reading " + held.table().source.Label());
}

bool SameTable(const Source& a, const Source& b) {
  return a.kind == b.kind && a.schema == b.schema && a.name == b.name && a.column == b.column &&
         a.id == b.id && a.rowid == b.rowid;
}

}  // namespace

Status TableCache::Open(sqlite3* db, std::string_view text, std::string_view column,
                        std::shared_ptr<CachedTable>* out, Source* source) {
  out->reset();
  // No iterator is kept: stepping the table may call a function of the user that searches too.
  std::shared_ptr<CachedTable> known;
  for (const auto& table : tables_) {
    if (FindName(table.get(), text, column)) known = table;
  }
  if (known && known->busy) return ResolveTable(db, text, column, source);
  if (known && Watched(known->source, text)) {
    const HeldTable held(db, known);
    if (NotForNames(held.code())) return ReadingError(db, held);
    const bool sound = held.code() == SQLITE_ROW || held.code() == SQLITE_DONE;
    if (sound && Reprepares(*known) == FindName(known.get(), text, column)->reprepares) {
      known->used = ++turn_;
      *source = known->source;
      *out = std::move(known);
      return Status::Ok();
    }
  }
  Status status = ResolveTable(db, text, column, source);
  const bool plain = status.ok() && source->kind == Source::Kind::kTable;
  if (known && (!plain || !SameTable(known->source, *source))) {
    ForgetName(std::exchange(known, nullptr), text, column);
  }
  if (!plain) return status;
  for (const auto& table : tables_) {
    if (!known && SameTable(table->source, *source)) known = table;
  }
  if (known && known->busy) return status;
  if (!known) {
    known = std::make_shared<CachedTable>();
    known->source = *source;
    status = known->scan.Open(db, *source, false);
    if (!status.ok()) return status;
    if (tables_.size() >= kMostTables) {
      tables_.erase(
          std::min_element(tables_.begin(), tables_.end(),
                           [](const auto& a, const auto& b) { return a->used < b->used; }));
    }
    tables_.push_back(known);
  }
  {
    // The count is that of the statement as it runs: stepping it prepares it anew if need be.
    const HeldTable held(db, known);
    if (NotForNames(held.code())) return ReadingError(db, held);
    CachedTable::Name* name = FindName(known.get(), text, column);
    if (!name) {
      if (known->names.size() >= kMostNames) known->names.erase(known->names.begin());
      known->names.push_back({std::string(text), std::string(column)});
      name = &known->names.back();
    }
    name->reprepares = Reprepares(*known);
  }
  known->used = ++turn_;
  *out = std::move(known);
  return Status::Ok();
}

// The name means something else now.
void TableCache::ForgetName(const std::shared_ptr<CachedTable>& table, std::string_view text,
                            std::string_view column) {
  std::erase_if(table->names, [&](const CachedTable::Name& name) {
    return name.text == text && name.column == column;
  });
  if (table->names.empty()) std::erase(tables_, table);
}

CachedMatrix& TableCache::MatrixOf(CachedTable* table, ElementType element, size_t dims) {
  auto& all = table->matrices;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) {
    return entry->element == element && entry->dims == dims;
  });
  if (found != all.end()) return **found;
  // Those that hold memory count against the cap; the others are only remembered.
  if (all.size() >= kMostMatrices) {
    const auto empty = std::find_if(
        all.begin(), all.end(), [](const auto& entry) { return !entry->matrix && !entry->shared; });
    if (empty != all.end()) all.erase(empty);
  }
  auto entry = std::make_unique<CachedMatrix>();
  entry->element = element;
  entry->dims = dims;
  all.push_back(std::move(entry));
  return *all.back();
}

int64_t TableCache::used() const {
  int64_t bytes = memory_.used();
  for (const auto& table : tables_) {
    for (const auto& entry : table->matrices) {
      if (entry->shared) bytes += entry->shared->memory.used();
      if (entry->matrix) bytes += entry->matrix->fault_bytes();
    }
  }
  return bytes;
}

bool TableCache::Fits(int64_t bytes) const {
  return bytes <= memory_.cap() - used() && memory_.Fits(bytes);
}

void TableCache::SetCap(int64_t bytes) {
  memory_.set_cap(bytes);
  if (bytes == 0) {
    std::erase_if(tables_, [](const auto& table) { return !table->busy; });
  }
  MakeRoom(0, nullptr, nullptr);
}

// Frees matrices, the least recently used first, until so much more fits.
bool TableCache::MakeRoom(int64_t bytes, const CachedTable* own, const CachedMatrix* keep) {
  if (bytes > memory_.cap()) return false;  // whatever makes room
  while (!Fits(bytes)) {
    CachedMatrix* oldest = nullptr;
    for (const auto& table : tables_) {
      if (table->busy && table.get() != own) continue;
      for (const auto& entry : table->matrices) {
        if ((!entry->matrix && !entry->shared) || entry.get() == keep) continue;
        if (!oldest || entry->used < oldest->used) oldest = entry.get();
      }
    }
    if (!oldest) return false;
    oldest->matrix.reset();
    oldest->shared.reset();
    oldest->key = {};
    oldest->served = 0;
  }
  return true;
}

// ---- what a search may use ----------------------------------------------------------------------

Status TableCache::Ready(sqlite3* db, const KernelTable& kernel, HeldTable* held,
                         CachedMatrix* entry, Filling filling, int threads, MatrixView* view) {
  *view = MatrixView();
  CachedTable& table = held->table();
  if (used() > memory_.cap()) MakeRoom(0, &table, nullptr);
  if (held->code() != SQLITE_ROW || memory_.cap() == 0) return Status::Ok();
  Status status = interrupt_.Open(db);
  if (!status.ok()) return status;
  entry->used = ++turn_;

  const int reprepares = Reprepares(table);
  if (table.log_looked != reprepares) {
    bool tracked = false;
    status = ChangeLog::Open(db, table.source, &table.log, &tracked);
    if (!status.ok()) return status;
    table.log_looked = reprepares;
  }
  if (table.log.tracked()) {
    entry->matrix.reset();
    entry->key = {};
    return ReadyTracked(db, kernel, held, entry, filling, threads, view);
  }
  entry->shared.reset();

  const SnapshotKey& key = held->key();
  if (!key.known) return status;
  if (entry->matrix && entry->key.SameAs(key)) {
    ++entry->served;
    view->matrix = entry->matrix.get();
    return status;
  }
  if (entry->key.known) {
    entry->key = {};
    Outdated(entry);
  }
  if (!entry->seen.SameAs(key)) {
    entry->seen = key;
    entry->repeats = 0;
    entry->refused = false;
  }
  if (!Due(entry, filling)) return status;
  // The entry gets it back whole or not at all.
  std::unique_ptr<Matrix> matrix = std::move(entry->matrix);
  // One with room for far more rows than there are is not worth its memory.
  if (matrix && matrix->slots() > 4096 &&
      entry->expected_rows < static_cast<int64_t>(matrix->slots() / 2)) {
    matrix.reset();
  }
  if (!matrix) matrix = NewMatrix(kernel, table, *entry, &memory_);
  bool filled = false;
  if (matrix) status = Fill(db, held, matrix.get(), threads, &filled);
  // The scan has ended, and with it perhaps the lock.
  if (filled && held->Renew()) {
    entry->expected_rows = static_cast<int64_t>(matrix->rows());
    entry->matrix = std::move(matrix);
    entry->key = held->key();
    entry->served = 1;
    view->matrix = entry->matrix.get();
  } else if (status.ok()) {
    Refuse(entry);
  }
  return status;
}

// What the last filling was worth decides when the next one comes.
void TableCache::Outdated(CachedMatrix* entry) {
  if (entry->served >= kServedLong) {
    entry->needed = 0;
  } else if (entry->served >= 2) {
    entry->needed = 1;
  } else {
    entry->needed = std::min(2 * std::max(entry->needed, 1), kMostNeeded);
  }
  entry->served = 0;
}

bool TableCache::Due(CachedMatrix* entry, Filling filling) {
  if (filling == Filling::kNever) return false;
  const int repeats = entry->repeats++;
  if (entry->refused && entry->refused_cap == memory_.cap() && repeats < kRetry) return false;
  return filling == Filling::kNow || repeats >= entry->needed;
}

// There was no memory: to be tried again with other content, under another cap, or after a while.
void TableCache::Refuse(CachedMatrix* entry) {
  entry->refused = true;
  entry->refused_cap = memory_.cap();
  entry->repeats = 0;
}

// ---- filling ------------------------------------------------------------------------------------

// An empty matrix for as many rows as there were last, with vectors if they fit; null if not even
// the planes do.
std::unique_ptr<Matrix> TableCache::NewMatrix(const KernelTable& kernel, const CachedTable& table,
                                              const CachedMatrix& entry, MemoryCap* memory) {
  const int64_t rows = std::max<int64_t>(entry.expected_rows, 1);
  for (const bool keep : {true, false}) {
    if (!keep && !Matrix::HasPlanes(entry.element, entry.dims)) break;
    const auto row = static_cast<int64_t>(Matrix::BytesPerRow(entry.element, entry.dims, keep));
    // A block more than the rows, and the alignment of its parts.
    if (!MakeRoom((rows + rows / 64 + 257) * row + 4096, &table, &entry)) continue;
    return std::make_unique<Matrix>(kernel, entry.element, entry.dims, rows, keep, memory);
  }
  return nullptr;
}

// Puts all rows of the table into the matrix, from the one that is held on.
Status TableCache::Fill(sqlite3* db, HeldTable* held, Matrix* matrix, int threads, bool* filled) {
  CachedTable& table = held->table();
  matrix->BeginLoad();
  int rc = held->code();
  for (; rc == SQLITE_ROW; rc = table.scan.Next()) {
    sqlite3_value* const value = table.scan.vector();
    const int type = sqlite3_value_type(value);
    const void* blob = type == SQLITE_BLOB ? sqlite3_value_blob(value) : nullptr;
    const int bytes = type == SQLITE_BLOB ? sqlite3_value_bytes(value) : 0;
    if (bytes > 0 && !blob) return Status::Ok();  // out of memory
    if (!matrix->Put(table.scan.rowid(), type, blob, bytes)) return Status::Ok();
    // The memory of a shared matrix has a cap of its own, for it may outlive this connection.
    if (matrix->bytes() > memory_.cap()) return Status::Ok();
  }
  if (rc == SQLITE_INTERRUPT) return DatabaseError(db, rc);
  if (rc != SQLITE_DONE) return Status::Ok();  // the search that streams says what is wrong
  matrix->EndLoad();
  // Without any vector there is nothing to gain, and the rows that are none take memory as well.
  if (matrix->rows() == 0) return Status::Ok();
  Status status = Encode(matrix, threads);
  *filled = status.ok();
  return status;
}

Status TableCache::Encode(Matrix* matrix, int threads) {
  // Between two polls for interrupts.
  const size_t stretch = std::clamp((size_t{1} << 18) / matrix->dims(), size_t{1}, size_t{256});
  if (matrix->pending() == 0) return Status::Ok();
  matrix->BeginEncode();
  std::atomic<size_t> next{0};
  std::atomic<int> code{SQLITE_OK};
  const auto caller = std::this_thread::get_id();
  const auto body = [&] {
    try {
      size_t from;
      while (code.load() == SQLITE_OK && (from = next.fetch_add(stretch)) < matrix->pending()) {
        matrix->Encode(from, stretch);
        if (std::this_thread::get_id() != caller) continue;
        const int poll = interrupt_.Poll();
        if (poll != SQLITE_OK) code.store(poll);
      }
    } catch (...) {
      code.store(SQLITE_NOMEM);
    }
  };
  RunOnWorkers(matrix->pending() >= 4 * stretch ? threads : 1, body);
  matrix->EndEncode();
  if (code.load() == SQLITE_INTERRUPT) return Status::Code(SQLITE_INTERRUPT, "interrupted");
  if (code.load() != SQLITE_OK) throw std::bad_alloc();
  return Status::Ok();
}

}  // namespace vecgraph
