// The migration runner. It runs inside an SQL function, so the statement that called it is active:
// a transaction is begun and ended by nested statements. A script never goes through sqlite3_exec,
// which would run whatever it holds, a COMMIT too.
//
// The order matters: begin, read the ledger under the lock, check everything, change, commit. An
// error's text is copied before the rollback, which would replace it.

#include "store/migrate.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/statement.h"
#include "store/migrations.h"
#include "store/sql_words.h"

namespace vecgraph {
namespace {

constexpr char kLedger[] = "_graph_migrations";

using Migrations = std::span<const EmbeddedMigration>;

// `status` with what was being done put before it.
Status Within(std::string_view what, const Status& status) {
  return Status::Code(status.code(), std::string(what) + ": " + status.message());
}

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

// One transaction, or a savepoint within that of the application. Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db), outer_(!sqlite3_get_autocommit(db)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
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

  Status Begin() {
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

  Status Commit() {
    const Status status = Execute(db_, outer_ ? "RELEASE _graph_migrate" : "COMMIT");
    if (!status.ok()) return Within("cannot commit", status);
    open_ = false;
    return Status::Ok();
  }

  // Prepares a write that changes nothing, should it run: it sets application_id to what it is.
  // Until the next index is created it can be stepped without being compiled again.
  void KeepLastResort() {
    Statement read;
    Status status = read.Prepare(db_, "PRAGMA main.application_id");
    if (!status.ok() || read.Step() != SQLITE_ROW) return;
    Statement write;
    status = write.Prepare(db_, "PRAGMA main.application_id = " + read.Text(0));
    if (status.ok()) last_resort_ = std::move(write);
  }

 private:
  sqlite3* const db_;
  const bool outer_;
  bool open_ = false;
  Statement last_resort_;
};

// The type of the object of that name ("table", ...), empty if there is none.
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

// The ledger must be the first migrations of this library, each as it was released.
Status CheckLedger(const std::vector<LedgerRow>& ledger, Migrations migrations) {
  for (const LedgerRow& row : ledger) {
    const auto known = std::find_if(
        migrations.begin(), migrations.end(),
        [&](const EmbeddedMigration& migration) { return migration.name == row.name; });
    if (known == migrations.end()) {
      return Status::Error("the database records the migration " + row.name +
                           ", which this library does not know: a newer vecgraph has been here; "
                           "update the library");
    }
    if (!row.sha256.empty() && row.sha256 != known->sha256) {
      return Status::Error(
          "the text of " + row.name + " that was applied here (sha256 " + row.sha256 +
          ") is not the one in this library (sha256 " + std::string(known->sha256) +
          "); use the vecgraph that applied it, or, if you know that both give the same schema, "
          "set sha256 of that row of _graph_migrations to NULL and try again");
    }
  }
  for (size_t i = 0; i < ledger.size(); ++i) {
    if (i == migrations.size()) {
      return Status::Error(
          "the ledger _graph_migrations records a migration twice; it was not "
          "made by vecgraph: restore a backup");
    }
    if (ledger[i].name != migrations[i].name) {
      return Status::Error("the ledger _graph_migrations records " + ledger[i].name + " but not " +
                           std::string(migrations[i].name) +
                           ", which comes before it; restore the missing row or a backup");
    }
  }
  return Status::Ok();
}

// Migrations name tables without a schema, so a temp object of the same name would be used instead
// of the one in main.
Status CheckTemp(sqlite3* db, Migrations migrations) {
  for (const EmbeddedMigration& migration : migrations) {
    for (const std::string_view name : CreatedNames(migration.sql)) {
      std::string type;
      Status status = FindObject(db, "temp", name, &type);
      if (!status.ok()) return status;
      if (!type.empty()) {
        return Status::Error("the temporary " + type + " " + QuoteName(name) +
                             " of this connection hides that of the store; drop or rename it");
      }
    }
  }
  return Status::Ok();
}

// Nothing that is about to be created may exist. A name that an applied migration created as well
// is left out: a migration that rebuilds a table drops it first.
Status CheckForeign(sqlite3* db, Migrations applied, Migrations pending) {
  std::vector<std::string_view> ours = {kLedger};
  for (const EmbeddedMigration& migration : applied) {
    std::ranges::copy(CreatedNames(migration.sql), std::back_inserter(ours));
  }
  for (const EmbeddedMigration& migration : pending) {
    for (const std::string_view name : CreatedNames(migration.sql)) {
      if (std::ranges::find(ours, name) != ours.end()) continue;
      std::string type;
      Status status = FindObject(db, "main", name, &type);
      if (!status.ok()) return status;
      if (!type.empty()) {
        return Status::Error(std::string(migration.name) + " creates " + QuoteName(name) +
                             ", but the database has a " + type +
                             " of that name that no recorded migration made; existing tables are "
                             "not adopted: rename or drop it, or use another database file");
      }
    }
  }
  return Status::Ok();
}

// Records checksum and date of an applied migration; a date that is there stays.
Status Record(sqlite3* db, const EmbeddedMigration& migration) {
  Statement statement;
  Status status = statement.Prepare(
      db,
      "UPDATE \"main\".\"_graph_migrations\" SET sha256 = ?2,"
      " applied_at = coalesce(applied_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) WHERE name = ?1");
  if (!status.ok()) return status;
  statement.BindText(1, migration.name);
  statement.BindText(2, migration.sha256);
  status = Finish(db, statement);
  if (status.ok() && sqlite3_changes(db) != 1) {
    return Status::Error("the migration did not record itself in _graph_migrations");
  }
  return status;
}

// Runs the statements of one migration within the open transaction.
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

Status MigrateInTransaction(sqlite3* db, int64_t version, Transaction* transaction,
                            Migrated* result) {
  const Migrations migrations = EmbeddedMigrations();
  std::vector<LedgerRow> ledger;
  Status status = ReadLedger(db, &ledger);
  if (!status.ok()) return status;
  status = CheckLedger(ledger, migrations);
  if (!status.ok()) return status;
  const size_t target = static_cast<size_t>(version);
  if (target < ledger.size()) {
    return Status::Error(
        Format("version %zu is asked for, but the database is at %zu; no "
               "migration goes back: restore a backup",
               target, ledger.size()));
  }
  const Migrations applied = migrations.first(ledger.size());
  const Migrations pending = migrations.subspan(ledger.size(), target - ledger.size());
  status = CheckTemp(db, migrations.first(target));
  if (!status.ok()) return status;
  status = CheckForeign(db, applied, pending);
  if (!status.ok()) return status;

  for (size_t i = 0; i < applied.size(); ++i) {
    if (!ledger[i].sha256.empty()) continue;
    status = Record(db, applied[i]);
    if (!status.ok()) return Within(applied[i].name, status);
  }
  for (const EmbeddedMigration& migration : pending) {
    status = RunScript(db, migration.sql, transaction);
    if (status.ok()) status = Record(db, migration);
    if (!status.ok()) return Within(migration.name, status);
    result->applied.push_back(migration.name);
  }
  result->version = version;
  return Status::Ok();
}

}  // namespace

Status ReadLedger(sqlite3* db, std::vector<LedgerRow>* rows) {
  std::string type;
  Status status = FindObject(db, "main", kLedger, &type);
  if (!status.ok()) return status;
  rows->clear();
  if (type.empty()) return Status::Ok();
  Statement statement;
  status = statement.Prepare(
      db, "SELECT name, sha256 FROM \"main\".\"_graph_migrations\" ORDER BY name");
  if (!status.ok()) return Within("cannot read the ledger _graph_migrations", status);
  int code = statement.Step();
  for (; code == SQLITE_ROW; code = statement.Step()) {
    rows->push_back({statement.Text(0), statement.Text(1)});
  }
  if (code != SQLITE_DONE) return DatabaseError(db, code);
  return Status::Ok();
}

Status Migrate(sqlite3* db, int64_t version, Migrated* result) {
  *result = {};
  Transaction transaction(db);
  Status status = transaction.Begin();
  if (!status.ok()) return status;
  status = MigrateInTransaction(db, version, &transaction, result);
  if (!status.ok()) return status;
  return transaction.Commit();
}

}  // namespace vecgraph
