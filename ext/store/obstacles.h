// What in the database stands in the way of a migration, found before anything changes, as a
// sentence that names it and says what to do.
// Threads: as the connection.
#pragma once

#include <span>
#include <string_view>

#include "base/sqlite.h"
#include "base/status.h"
#include "store/migrations.h"

namespace vecgraph {

// A temporary object of this connection that hides one of the names that `migrations` create.
// Migrations name tables without a schema, so it would be used instead of the one in main.
Status CheckTemp(sqlite3* db, Migrations migrations);

// A name that `pending` create and that is there already, though none of `applied` made it.
Status CheckForeign(sqlite3* db, Migrations applied, Migrations pending);

// What a rebuild of tables by `pending` would lose: indexes, triggers and foreign keys to the table
// that none of `applied` made.
Status CheckRebuilt(sqlite3* db, Migrations applied, Migrations pending);

// The same for one table; `by` is the name of the file that rebuilds it, `ours` are the names that
// it knows of.
Status CheckRebuilt(sqlite3* db, std::string_view table, std::string_view by,
                    std::span<const std::string_view> ours);

}  // namespace vecgraph
