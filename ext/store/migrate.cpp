// The migration runner. The order matters: begin, read the ledger under the lock, adopt, check
// everything, change, commit. An error's text is copied before the rollback, which would replace
// it.

#include "store/migrate.h"

#include <algorithm>

#include "base/statement.h"
#include "store/adopt.h"
#include "store/migrations.h"
#include "store/obstacles.h"
#include "store/script.h"

namespace vecgraph {
namespace {

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

Status MigrateInTransaction(sqlite3* db, int64_t version, Transaction* transaction,
                            Migrated* result) {
  const Migrations migrations = EmbeddedMigrations();
  std::vector<LedgerRow> ledger;
  Status status = ReadLedger(db, &ledger);
  if (!status.ok()) return status;
  status = CheckLedger(ledger, migrations);
  if (!status.ok()) return status;
  const size_t target = static_cast<size_t>(version);
  status = CheckTemp(db, migrations.first(std::max(target, ledger.size())));
  if (!status.ok()) return status;
  if (ledger.empty()) {
    status = Adopt(db, transaction, &result->adopted);
    if (status.ok()) status = ReadLedger(db, &ledger);
    if (!status.ok()) return status;
  }
  if (target < ledger.size() && !result->adopted.empty()) {
    return Status::Error(Format(
        "version %zu is asked for, but adopting the tables that are here brings the database "
        "to %zu; ask for that or more",
        target, ledger.size()));
  }
  if (target < ledger.size()) {
    return Status::Error(
        Format("version %zu is asked for, but the database is at %zu; no "
               "migration goes back: restore a backup",
               target, ledger.size()));
  }
  const Migrations applied = migrations.first(ledger.size());
  const Migrations pending = migrations.subspan(ledger.size(), target - ledger.size());
  status = CheckForeign(db, applied, pending);
  if (status.ok()) status = CheckRebuilt(db, applied, pending);
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
  if (result->adopted.empty() && result->applied.empty()) return Status::Ok();
  return Notes(db, &result->notes);
}

}  // namespace

Status ReadLedger(sqlite3* db, std::vector<LedgerRow>* rows) {
  std::string type;
  Status status = FindObject(db, "main", kLedgerTable, &type);
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
  if (status.code() == SQLITE_LOCKED) {
    return Status::Code(status.code(),
                        status.message() +
                            "; a table cannot be made anew while a statement of this connection "
                            "reads: finish it, and run SELECT graph_migrate() by itself");
  }
  if (!status.ok()) return status;
  return transaction.Commit();
}

}  // namespace vecgraph
