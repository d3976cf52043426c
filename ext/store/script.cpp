#include "store/script.h"

#include <string>

#include "store/sql_words.h"

namespace vecgraph {

Status Finish(sqlite3* db, Statement& statement) {
  int code = statement.Step();
  while (code == SQLITE_ROW) code = statement.Step();
  if (code != SQLITE_DONE) return DatabaseError(db, code);
  return Status::Ok();
}

Status Execute(sqlite3* db, std::string_view sql) {
  Statement statement;
  Status status = statement.Prepare(db, sql);
  if (!status.ok()) return status;
  return Finish(db, statement);
}

Status FindObject(sqlite3* db, const char* schema, std::string_view name, std::string* type) {
  Statement statement;
  Status status = statement.Prepare(db, Format("SELECT type FROM \"%s\".sqlite_master"
                                               " WHERE name = ?1 COLLATE NOCASE LIMIT 1",
                                               schema));
  if (!status.ok()) return status;
  statement.BindText(1, name);
  const int code = statement.Step();
  if (code == SQLITE_ROW) {
    *type = statement.Text(0);
  } else if (code == SQLITE_DONE) {
    type->clear();
  } else {
    return DatabaseError(db, code);
  }
  return Status::Ok();
}

Transaction::~Transaction() {
  // Some errors (a full disk, no memory) have rolled everything back already.
  if (!open_ || sqlite3_get_autocommit(db_)) return;
  const char* sql = outer_ ? "ROLLBACK TO _graph_migrate; RELEASE _graph_migrate" : "ROLLBACK";
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK || !last_resort_) return;
  // After an interrupt SQLite prepares nothing, so not the ROLLBACK either; but an interrupted
  // write makes it roll back everything, the application's transaction with it.
  last_resort_.Step();
  last_resort_.Reset();
  if (!sqlite3_get_autocommit(db_)) sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
}

Status Transaction::Begin() {
  // A COMMIT would fail while the statement that called us is writing. Within the application's
  // transaction the savepoint fails by itself.
  if (!outer_ && sqlite3_txn_state(db_, nullptr) == SQLITE_TXN_WRITE) {
    return Status::Error(
        "called while a statement is writing; run SELECT graph_migrate() as a statement of its "
        "own");
  }
  KeepLastResort();
  const Status status = Execute(db_, outer_ ? "SAVEPOINT _graph_migrate" : "BEGIN IMMEDIATE");
  if (!status.ok()) return Within("cannot begin", status);
  open_ = true;
  return Status::Ok();
}

Status Transaction::Commit() {
  const Status status = Execute(db_, outer_ ? "RELEASE _graph_migrate" : "COMMIT");
  if (!status.ok()) return Within("cannot commit", status);
  open_ = false;
  return Status::Ok();
}

void Transaction::KeepLastResort() {
  Statement read;
  Status status = read.Prepare(db_, "PRAGMA main.application_id");
  if (!status.ok() || read.Step() != SQLITE_ROW) return;
  Statement write;
  status = write.Prepare(db_, "PRAGMA main.application_id = " + read.Text(0));
  if (status.ok()) last_resort_ = std::move(write);
}

Status RunScript(sqlite3* db, std::string_view sql, Transaction* transaction) {
  while (true) {
    // Looked at before it is prepared: some pragmas act while they are compiled.
    const std::string_view keyword = FirstKeyword(sql);
    if (keyword.empty()) return Status::Ok();
    if (!AllowedInMigration(keyword)) {
      return Status::Error(std::string(keyword) + " is not allowed in a migration");
    }
    Statement statement;
    std::string_view tail;
    Status status = statement.Prepare(db, sql, 0, &tail);
    if (status.ok() && statement) status = Finish(db, statement);
    if (!status.ok()) return status;
    if (sqlite3_get_autocommit(db)) return Status::Error("the script ended the transaction");
    transaction->KeepLastResort();  // CREATE INDEX expires what was prepared before it
    sql = tail;
  }
}

}  // namespace vecgraph
