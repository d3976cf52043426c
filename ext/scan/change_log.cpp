#include "scan/change_log.h"

#include <algorithm>
#include <utility>

#include "scan/track.h"

namespace vecgraph {
namespace {

// Beyond this SQLite could run out of numbers and take free ones at random.
constexpr int64_t kLargestSeq = int64_t{1} << 62;

int Reprepares(const Statement& statement) {
  return sqlite3_stmt_status(statement.get(), SQLITE_STMTSTATUS_REPREPARE, 0);
}

// Whether a statement of the connection is in the middle of writing.
bool IsWriting(sqlite3* db, const std::string& schema) {
  if (sqlite3_txn_state(db, schema.c_str()) != SQLITE_TXN_WRITE) return false;
  for (sqlite3_stmt* s = sqlite3_next_stmt(db, nullptr); s; s = sqlite3_next_stmt(db, s)) {
    if (sqlite3_stmt_busy(s) && !sqlite3_stmt_readonly(s)) return true;
  }
  return false;
}

// Resets a statement at the end of a scope, so that it holds nothing.
class Resetter {
 public:
  explicit Resetter(Statement* statement) : statement_(statement) {}
  Resetter(const Resetter&) = delete;
  Resetter& operator=(const Resetter&) = delete;
  ~Resetter() { statement_->Reset(); }

 private:
  Statement* statement_;
};

}  // namespace

Status ChangeLog::Open(sqlite3* db, const Source& source, ChangeLog* out, bool* tracked) {
  *out = ChangeLog();
  *tracked = false;
  if (source.kind != Source::Kind::kTable) return Status::Ok();
  const std::string schema = QuoteName(source.schema);
  const std::string log = schema + "." + QuoteName(LogName(source));
  const unsigned flags = SQLITE_PREPARE_PERSISTENT;
  Status status = out->version_.Prepare(db, "PRAGMA " + schema + ".schema_version", flags);
  if (!status.ok()) return status;
  const Resetter reset(&out->version_);
  // The version first: should the schema move on meanwhile, Check() sees that it did.
  const int rc = out->version_.Step();
  if (rc != SQLITE_ROW) return DatabaseError(db, rc);
  out->checked_version_ = static_cast<int>(out->version_.Int(0));
  status = IsTracked(db, source, tracked);
  if (!status.ok() || !*tracked) return status;
  out->db_ = db;
  out->source_ = source;
  status =
      out->tail_.Prepare(db, "SELECT seq, nonce FROM " + log + " ORDER BY seq DESC LIMIT 1", flags);
  if (status.ok()) {
    status = out->changes_.Prepare(
        db, "SELECT seq, nonce, rid FROM " + log + " WHERE seq >= ?1 ORDER BY seq", flags);
  }
  if (status.ok()) out->tracked_ = true;
  return status;
}

Status ChangeLog::Check(int* version, bool* usable) {
  *usable = false;
  if (IsWriting(db_, source_.schema)) return Status::Ok();
  const Resetter reset(&version_);
  const int rc = version_.Step();
  if (rc != SQLITE_ROW) return DatabaseError(db_, rc);
  *version = static_cast<int>(version_.Int(0));
  // The version alone does not tell: that of a schema change which was rolled back comes again.
  const int tail_prepares = Reprepares(tail_);
  const int changes_prepares = Reprepares(changes_);
  if (*version != checked_version_ || tail_prepares != tail_prepares_ ||
      changes_prepares != changes_prepares_) {
    Status status = IsTracked(db_, source_, &tracked_);
    if (!status.ok()) return status;
    checked_version_ = *version;
    tail_prepares_ = tail_prepares;
    changes_prepares_ = changes_prepares;
  }
  *usable = tracked_;
  return Status::Ok();
}

Status ChangeLog::LogError(int code) {
  Status error = DatabaseError(db_, code);
  if (code != SQLITE_ERROR) return error;
  Status status = IsTracked(db_, source_, &tracked_);
  if (!status.ok()) return status;
  return tracked_ ? std::move(error) : Status::Ok();
}

Status ChangeLog::ReadTail(LogPosition* tail) {
  const Resetter reset(&tail_);
  const int rc = tail_.Step();
  if (rc == SQLITE_DONE) return Status::Ok();  // someone emptied the log
  if (rc != SQLITE_ROW) return LogError(rc);
  LogPosition found;
  found.seq = tail_.Int(0);
  found.nonce = tail_.Int(1);
  bool usable = false;
  Status status = Check(&found.schema_version, &usable);
  if (usable && found.seq < kLargestSeq) *tail = found;
  return status;
}

Status ChangeLog::Tail(LogPosition* tail) {
  *tail = LogPosition();
  return tracked_ ? ReadTail(tail) : Status::Ok();
}

Status ChangeLog::ReadChanges(const LogPosition& since, int64_t most, bool* chained,
                              std::vector<int64_t>* rowids, LogPosition* tail) {
  const Resetter reset(&changes_);
  changes_.BindInt(1, since.seq);
  int rc = changes_.Step();
  if (rc == SQLITE_DONE) return Status::Ok();
  if (rc != SQLITE_ROW) return LogError(rc);
  LogPosition found = since;
  if (changes_.Int(0) != since.seq || changes_.Int(1) != since.nonce) return Status::Ok();
  bool usable = false;
  Status status = Check(&found.schema_version, &usable);
  if (!status.ok() || !usable || found.schema_version != since.schema_version) return status;
  LogPosition newest;
  while ((rc = changes_.Step()) == SQLITE_ROW) {
    if (!newest.known()) {
      status = ReadTail(&newest);
      if (!status.ok() || !newest.known() || newest.seq - since.seq > most) return status;
    }
    // No rowid: anything may have changed.
    if (sqlite3_column_type(changes_.get(), 2) != SQLITE_INTEGER) return Status::Ok();
    found.seq = changes_.Int(0);
    found.nonce = changes_.Int(1);
    rowids->push_back(changes_.Int(2));
  }
  if (rc != SQLITE_DONE) return DatabaseError(db_, rc);
  if (found.seq >= kLargestSeq) return Status::Ok();
  std::sort(rowids->begin(), rowids->end());
  rowids->erase(std::unique(rowids->begin(), rowids->end()), rowids->end());
  *tail = found;
  *chained = true;
  return Status::Ok();
}

Status ChangeLog::Changes(const LogPosition& since, int64_t most, bool* chained,
                          std::vector<int64_t>* rowids, LogPosition* tail) {
  *chained = false;
  *tail = LogPosition();
  rowids->clear();
  if (!tracked_) return Status::Ok();
  if (since.known()) {
    Status status = ReadChanges(since, most, chained, rowids, tail);
    if (!status.ok() || *chained) return status;
    rowids->clear();
  }
  return Tail(tail);
}

}  // namespace vecgraph
