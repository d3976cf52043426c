// Running SQL scripts inside an SQL function, all or nothing.
//
// The statement that called the function is active, so a transaction is begun and ended by nested
// statements. A script never goes through sqlite3_exec, which would run whatever it holds, a COMMIT
// too.
// Threads: as the connection.
#pragma once

#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "base/statement.h"
#include "base/status.h"

namespace vecgraph {

// Steps `statement` to its end, whatever rows it gives.
Status Finish(sqlite3* db, Statement& statement);

// Runs one statement.
Status Execute(sqlite3* db, std::string_view sql);

// The type of the object of that name ("table", ...), empty if there is none.
Status FindObject(sqlite3* db, const char* schema, std::string_view name, std::string* type);

// One transaction, or a savepoint within that of the application. Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db), outer_(!sqlite3_get_autocommit(db)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Status Begin();
  Status Commit();

  // Prepares a write that changes nothing, should it run: it sets application_id to what it is.
  // Until the next index is created it can be stepped without being compiled again.
  void KeepLastResort();

 private:
  sqlite3* const db_;
  const bool outer_;
  bool open_ = false;
  Statement last_resort_;
};

// Runs the statements of a script within the open transaction.
Status RunScript(sqlite3* db, std::string_view sql, Transaction* transaction);

}  // namespace vecgraph
