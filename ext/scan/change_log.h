// ChangeLog: reads the log of a tracked table (track.h) and says which rows changed since when.
//
// A LogPosition names a state of the table: the last event of the log, with its random nonce. There
// is one writer at a time and every rollback undoes the newest events, so as long as the event is
// in the log, with that nonce, what happened since is exactly the events after it. This holds in an
// open transaction, across connections and processes, and after a restore from a backup.
//
// A position of another schema version chains with nothing: VACUUM may have renumbered the rows,
// or the triggers may have been away for a while. The log checks by itself, whenever the schema
// moves, that the triggers are still what they must be.
//
// Amid a statement of this connection that writes (a trigger or a function of the user that
// searches, RETURNING), a row may be changed and not logged yet, or the other way round. Then no
// position is known.
//
// REQUIRES: destroyed before the connection closes: it belongs to a virtual table object. Tail()
// and Changes() are called while a read transaction on the schema is held, and what they say holds
// until it ends or this connection writes. The statements are reset after each call.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <vector>

#include "base/sqlite.h"
#include "base/statement.h"
#include "base/status.h"
#include "scan/source.h"

namespace vecgraph {

struct LogPosition {
  int64_t seq = 0;
  int64_t nonce = 0;
  int schema_version = 0;

  // Not known: nothing chains with it, so what was read under it must not be kept.
  bool known() const { return seq > 0; }
  bool operator==(const LogPosition&) const = default;
};

class ChangeLog {
 public:
  // Opens the log of the source's column. `*tracked` is false, and `out` unusable, when there is
  // none or the table is not tracked exactly as TrackStatements() says today.
  static Status Open(sqlite3* db, const Source& source, ChangeLog* out, bool* tracked);

  // The position of what the connection reads now. Take it before reading the whole table.
  Status Tail(LogPosition* tail);

  // What changed from `since` to now, and the position of now. If `*chained`, then the content of
  // every row that is not among `rowids` is as it was; those were inserted, updated or deleted, or
  // are as they were (each is given once, ascending). If not, the whole table must be read, under
  // `*tail`. The log is not read, nor chained, if there are more than `most` events.
  Status Changes(const LogPosition& since, int64_t most, bool* chained,
                 std::vector<int64_t>* rowids, LogPosition* tail);

  // Whether the table was tracked when last looked at. Once it was not, it stays so for this
  // object: open another.
  bool tracked() const { return tracked_; }

 private:
  // Sets `version`, and `usable` to whether the log tells the truth at this moment. REQUIRES: a
  // statement on the log has been stepped, so that it has noticed a changed schema.
  Status Check(int* version, bool* usable);
  Status ReadTail(LogPosition* tail);
  Status ReadChanges(const LogPosition& since, int64_t most, bool* chained,
                     std::vector<int64_t>* rowids, LogPosition* tail);
  // The outcome of stepping a statement on the log: an error is none if the log is gone.
  Status LogError(int code);

  sqlite3* db_ = nullptr;
  Source source_;
  Statement tail_;
  Statement changes_;
  Statement version_;
  bool tracked_ = false;
  int checked_version_ = 0;  // the schema in which the triggers were found to be right
  int tail_prepares_ = 0;
  int changes_prepares_ = 0;
};

}  // namespace vecgraph
