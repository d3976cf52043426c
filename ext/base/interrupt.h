// InterruptPoll: whether sqlite3_interrupt() was called, asked while no statement steps.
//
// sqlite3_is_interrupted() is newer than 3.34; stepping a statement answers in every version, in
// about 50 ns: inside a running statement, a nested one does not clear the request.
// REQUIRES: destroyed before its connection closes, as every statement.
// Threads: as the connection.
#pragma once

#include "base/statement.h"

namespace vecgraph {

class InterruptPoll {
 public:
  Status Open(sqlite3* db) {
    return statement_ ? Status::Ok()
                      : statement_.Prepare(db, "SELECT 1", SQLITE_PREPARE_PERSISTENT);
  }
  // SQLITE_OK, or why work has to stop: SQLITE_INTERRUPT. REQUIRES: Open().
  int Poll() {
    const int rc = statement_.Step();
    statement_.Reset();
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
  }
  // The same, opened first if need be.
  int PollOn(sqlite3* db) {
    const Status status = Open(db);
    return status.ok() ? Poll() : status.code();
  }

 private:
  Statement statement_;
};

}  // namespace vecgraph
