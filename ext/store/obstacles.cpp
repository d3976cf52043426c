#include "store/obstacles.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/name.h"
#include "base/statement.h"
#include "store/script.h"
#include "store/sql_words.h"

namespace vecgraph {
namespace {

std::vector<std::string_view> AllCreated(Migrations migrations) {
  std::vector<std::string_view> names = {kLedgerTable};
  for (const EmbeddedMigration& migration : migrations) {
    std::ranges::copy(CreatedNames(migration.sql), std::back_inserter(names));
  }
  return names;
}

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view one) { return SameName(one, name); });
}

// The first row of `sql` whose first column is none of `ours`: its columns in *found, which is
// empty if there is none.
Status FirstOther(sqlite3* db, const char* sql, std::string_view table,
                  std::span<const std::string_view> ours, std::vector<std::string>* found) {
  found->clear();
  Statement statement;
  Status status = statement.Prepare(db, sql);
  if (!status.ok()) return status;
  statement.BindText(1, table);
  int code = statement.Step();
  for (; code == SQLITE_ROW; code = statement.Step()) {
    if (Contains(ours, statement.Text(0))) continue;
    for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
      found->push_back(statement.Text(i));
    }
    return Status::Ok();
  }
  if (code != SQLITE_DONE) return DatabaseError(db, code);
  return Status::Ok();
}

}  // namespace

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

// A name that an applied migration created as well is left out: a migration that rebuilds a table
// drops it first.
Status CheckForeign(sqlite3* db, Migrations applied, Migrations pending) {
  const std::vector<std::string_view> ours = AllCreated(applied);
  for (const EmbeddedMigration& migration : pending) {
    for (const std::string_view name : CreatedNames(migration.sql)) {
      if (Contains(ours, name)) continue;
      std::string type;
      Status status = FindObject(db, "main", name, &type);
      if (!status.ok()) return status;
      if (!type.empty()) {
        return Status::Error(std::string(migration.name) + " creates " + QuoteName(name) +
                             ", but the database has " + (type == "index" ? "an " : "a ") + type +
                             " of that name that no recorded migration made; rename or drop it, or "
                             "use another database file");
      }
    }
  }
  return Status::Ok();
}

Status CheckRebuilt(sqlite3* db, Migrations applied, Migrations pending) {
  const std::vector<std::string_view> ours = AllCreated(applied);
  for (const EmbeddedMigration& migration : pending) {
    for (const std::string_view name : CreatedNames(migration.sql)) {
      if (!Contains(ours, name)) continue;
      Status status = CheckRebuilt(db, name, migration.name, ours);
      if (!status.ok()) return status;
    }
  }
  return Status::Ok();
}

Status CheckRebuilt(sqlite3* db, std::string_view table, std::string_view by,
                    std::span<const std::string_view> ours) {
  const std::string rebuild = std::string(by) + " rebuilds the table " + QuoteName(table);
  std::vector<std::string> found;
  Status status = FirstOther(db,
                             "SELECT name, type FROM main.sqlite_master"
                             " WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
                             " AND tbl_name = ?1 COLLATE NOCASE",
                             table, ours, &found);
  if (!status.ok()) return status;
  if (!found.empty() && found[0].starts_with("_vec_")) {
    return Status::Error(rebuild + ", which is tracked by the trigger " + QuoteName(found[0]) +
                         ": remove tracking first with the statements of vec_track_sql(table, "
                         "column, 'remove'), and track it again afterwards");
  }
  if (!found.empty()) {
    return Status::Error(rebuild + " and would lose your " + found[1] + " " + QuoteName(found[0]) +
                         ": drop it, and create it again afterwards");
  }
  status = FirstOther(db,
                      "SELECT name FROM temp.sqlite_master"
                      " WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE",
                      table, {}, &found);
  if (!status.ok()) return status;
  if (!found.empty()) {
    return Status::Error(rebuild + " and would lose the temporary trigger " + QuoteName(found[0]) +
                         " of this connection: drop it, and create it again afterwards");
  }
  status = FirstOther(db,
                      "SELECT m.name FROM main.sqlite_master AS m"
                      " JOIN pragma_foreign_key_list(m.name, 'main') AS k"
                      " WHERE m.type = 'table' AND k.\"table\" = ?1 COLLATE NOCASE",
                      table, ours, &found);
  if (!status.ok()) return status;
  if (!found.empty()) {
    return Status::Error(rebuild + ", to which your table " + QuoteName(found[0]) +
                         " has a foreign key, through which rows of it could be deleted: drop or "
                         "rename your table, or make it again without the key first");
  }
  return Status::Ok();
}

}  // namespace vecgraph
