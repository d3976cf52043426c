#include "scan/table_cache.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/value.h"
#include "base/workers.h"

namespace vecgraph {
namespace {

constexpr size_t kMostTables = 64;
constexpr size_t kMostMatrices = 8;  // of one table: of different lengths
constexpr int kMostNeeded = 16;
constexpr int64_t kServedLong = 8;

// Whether the meaning of a name is settled by the schemas that the table's own statement watches: a
// change in the temporary schema expires every statement, one in main those that read main. A table
// of an attached database can be hidden by a new one that its statement does not see.
bool Watched(const CachedTable& table) {
  return (table.source.schema == "main" || table.source.schema == "temp") &&
         table.text.find('.') == std::string::npos;
}

bool SameTable(const Source& a, const Source& b) {
  return a.kind == b.kind && a.schema == b.schema && a.name == b.name && a.column == b.column &&
         a.id == b.id && a.rowid == b.rowid;
}

}  // namespace

HeldTable::HeldTable(sqlite3* db, std::shared_ptr<CachedTable> table)
    : db_(db), table_(std::move(table)) {
  table_->busy = true;
  Step();
}

HeldTable::~HeldTable() {
  table_->scan.Stop();
  table_->busy = false;
}

void HeldTable::Step() {
  table_->scan.Start();
  code_ = table_->scan.Next();
  key_ = code_ == SQLITE_ROW ? SampleSnapshot(db_, table_->source.schema, table_->scan.statement())
                             : SnapshotKey();
}

bool HeldTable::Renew() {
  const SnapshotKey before = key_;
  Step();
  return key_.SameAs(before);
}

Status TableCache::Open(sqlite3* db, std::string_view text, std::string_view column,
                        std::shared_ptr<CachedTable>* out, Source* source) {
  out->reset();
  const auto found = std::find_if(tables_.begin(), tables_.end(), [&](const auto& table) {
    return table->text == text && table->column == column;
  });
  std::shared_ptr<CachedTable> known;
  if (found != tables_.end()) known = *found;
  if (known && known->busy) return ResolveTable(db, text, column, source);
  if (known && Watched(*known)) {
    const HeldTable held(db, known);
    const bool sound = held.code() == SQLITE_ROW || held.code() == SQLITE_DONE;
    if (sound && sqlite3_stmt_status(known->scan.statement(), SQLITE_STMTSTATUS_REPREPARE, 0) ==
                     known->reprepares) {
      known->used = ++turn_;
      *source = known->source;
      *out = std::move(known);
      return Status::Ok();
    }
  }
  Status status = ResolveTable(db, text, column, source);
  if (!status.ok() || source->kind != Source::Kind::kTable) {
    if (known) tables_.erase(found);
    return status;
  }
  if (!known || !SameTable(known->source, *source)) {
    auto made = std::make_shared<CachedTable>();
    made->text = text;
    made->column = column;
    made->source = *source;
    status = made->scan.Open(db, *source, false);
    if (!status.ok()) return status;
    if (known) {
      *found = made;
    } else {
      if (tables_.size() >= kMostTables) {
        tables_.erase(
            std::min_element(tables_.begin(), tables_.end(),
                             [](const auto& a, const auto& b) { return a->used < b->used; }));
      }
      tables_.push_back(made);
    }
    known = std::move(made);
  }
  {
    // The count is that of the statement as it runs: stepping it prepares it anew if need be.
    const HeldTable held(db, known);
    known->reprepares =
        sqlite3_stmt_status(known->scan.statement(), SQLITE_STMTSTATUS_REPREPARE, 0);
  }
  known->used = ++turn_;
  *out = std::move(known);
  return Status::Ok();
}

CachedMatrix& TableCache::MatrixOf(CachedTable* table, ElementType element, size_t dims) {
  auto& all = table->matrices;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) {
    return entry->element == element && entry->dims == dims;
  });
  if (found != all.end()) return **found;
  if (all.size() >= kMostMatrices && !table->busy) {
    all.erase(std::min_element(all.begin(), all.end(),
                               [](const auto& a, const auto& b) { return a->used < b->used; }));
  }
  auto entry = std::make_unique<CachedMatrix>();
  entry->element = element;
  entry->dims = dims;
  all.push_back(std::move(entry));
  return *all.back();
}

void TableCache::SetCap(int64_t bytes) {
  memory_.set_cap(bytes);
  MakeRoom(0, nullptr, nullptr);
}

// Frees matrices, the least recently used first, until so much more fits.
bool TableCache::MakeRoom(int64_t bytes, const CachedTable* own, const CachedMatrix* keep) {
  while (!memory_.Fits(bytes) || memory_.used() > memory_.cap()) {
    CachedMatrix* oldest = nullptr;
    for (const auto& table : tables_) {
      if (table->busy && table.get() != own) continue;
      for (const auto& entry : table->matrices) {
        if (!entry->matrix || entry.get() == keep) continue;
        if (!oldest || entry->used < oldest->used) oldest = entry.get();
      }
    }
    if (!oldest) return memory_.Fits(bytes);
    oldest->matrix.reset();
    oldest->key = {};
    oldest->served = 0;
  }
  return true;
}

Status TableCache::Ready(sqlite3* db, const KernelTable& kernel, HeldTable* held,
                         CachedMatrix* entry, Filling filling, int threads, bool* ready) {
  *ready = false;
  const SnapshotKey& key = held->key();
  if (memory_.used() > memory_.cap()) MakeRoom(0, &held->table(), nullptr);
  if (!key.known || memory_.cap() == 0) return Status::Ok();
  Status status = interrupt_.Open(db);
  if (!status.ok()) return status;
  entry->used = ++turn_;
  if (entry->matrix && entry->key.SameAs(key)) {
    ++entry->served;
    *ready = true;
    return status;
  }
  if (entry->key.known) {
    // What the last filling was worth decides when the next one comes.
    entry->needed = entry->served >= kServedLong ? 0
                    : entry->served >= 2         ? 1
                                         : std::min(2 * std::max(entry->needed, 1), kMostNeeded);
    entry->key = {};
    entry->served = 0;
  }
  if (!entry->seen.SameAs(key)) {
    entry->seen = key;
    entry->repeats = 0;
  }
  if (filling == Filling::kNever) return status;
  if (filling == Filling::kWhenDue && entry->repeats++ < entry->needed) return status;
  if (entry->refused.SameAs(key) && entry->refused_cap == memory_.cap()) return status;
  status = Fill(db, kernel, held, entry, threads, ready);
  if (*ready) {
    entry->key = held->key();
    entry->served = 1;
  } else {
    entry->refused = key;
    entry->refused_cap = memory_.cap();
    entry->needed = std::min(2 * std::max(entry->needed, 1), kMostNeeded);
  }
  return status;
}

// An empty matrix for as many rows as there were last, with vectors if they fit; null if not even
// the planes do.
std::unique_ptr<Matrix> TableCache::NewMatrix(const KernelTable& kernel, const CachedTable& table,
                                              const CachedMatrix& entry) {
  const int64_t rows = std::max<int64_t>(entry.expected_rows, 1);
  for (const bool keep : {true, false}) {
    if (!keep && !Matrix::HasPlanes(entry.element, entry.dims)) break;
    const auto row = static_cast<int64_t>(Matrix::BytesPerRow(entry.element, entry.dims, keep));
    // A block more than the rows, and the alignment of its parts.
    if (!MakeRoom((rows + rows / 64 + 257) * row + 4096, &table, &entry)) continue;
    return std::make_unique<Matrix>(kernel, entry.element, entry.dims, rows, keep, &memory_);
  }
  return nullptr;
}

Status TableCache::Fill(sqlite3* db, const KernelTable& kernel, HeldTable* held,
                        CachedMatrix* entry, int threads, bool* filled) {
  CachedTable& table = held->table();
  // The entry gets it back whole or not at all.
  std::unique_ptr<Matrix> matrix = std::move(entry->matrix);
  if (!matrix) matrix = NewMatrix(kernel, table, *entry);
  if (!matrix) return Status::Ok();
  matrix->BeginLoad();
  int rc = held->code();
  for (; rc == SQLITE_ROW; rc = table.scan.Next()) {
    sqlite3_value* const value = table.scan.vector();
    const int type = sqlite3_value_type(value);
    const void* blob = type == SQLITE_BLOB ? sqlite3_value_blob(value) : nullptr;
    const int bytes = type == SQLITE_BLOB ? sqlite3_value_bytes(value) : 0;
    if (bytes > 0 && !blob) return Status::Ok();  // out of memory
    if (!matrix->Put(table.scan.rowid(), type, blob, bytes)) return Status::Ok();
  }
  if (rc == SQLITE_INTERRUPT) return DatabaseError(db, rc);
  if (rc != SQLITE_DONE) return Status::Ok();  // the search that streams says what is wrong
  matrix->EndLoad();
  Status status = Encode(matrix.get(), threads);
  // The scan has ended, and with it perhaps the lock.
  if (!status.ok() || !held->Renew()) return status;
  entry->matrix = std::move(matrix);
  *filled = true;
  return status;
}

Status TableCache::Encode(Matrix* matrix, int threads) {
  constexpr size_t kStretch = 256;
  if (matrix->pending() == 0) return Status::Ok();
  matrix->BeginEncode();
  std::atomic<size_t> next{0};
  std::atomic<int> code{SQLITE_OK};
  const auto caller = std::this_thread::get_id();
  const auto body = [&] {
    try {
      size_t from;
      while (code.load() == SQLITE_OK && (from = next.fetch_add(kStretch)) < matrix->pending()) {
        matrix->Encode(from, kStretch);
        if (std::this_thread::get_id() != caller) continue;
        const int poll = interrupt_.Poll();
        if (poll != SQLITE_OK) code.store(poll);
      }
    } catch (...) {
      code.store(SQLITE_NOMEM);
    }
  };
  RunOnWorkers(matrix->pending() >= 4 * kStretch ? threads : 1, body);
  matrix->EndEncode();
  if (code.load() == SQLITE_INTERRUPT) return Status::Code(SQLITE_INTERRUPT, "interrupted");
  if (code.load() != SQLITE_OK) throw std::bad_alloc();
  return Status::Ok();
}

}  // namespace vecgraph
