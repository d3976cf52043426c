// Tracking: the log table and the triggers that write down which rows of a table changed.
//
// Everything is plain SQL that calls nothing but random(), so that a client without vecgraph keeps
// writing. What is made, for a table and one of its columns:
//
//   _vec_log_<table>_<column>   seq (ascending), rid (the rowid that changed, or NULL: anything may
//                               have), nonce (a random number, so that a rolled back row is never
//                               mistaken for another that got its seq)
//   _vec_<table>_<column>_...   triggers before_insert, before_update, before_delete, after_insert
//
// WHAT IS LOGGED
//   More rows than changed, never fewer, by the end of every statement, even of one that fails:
//   - Deleted and updated rows are logged before they change: a later trigger of the user that
//     gives up with RAISE(IGNORE) or FAIL would skip an AFTER trigger, and the change would stay.
//   - A new row's rowid is known only after the insert. So after_insert must be the first to run:
//     SQLite runs the trigger that was created last first, and a table with a later AFTER INSERT
//     trigger counts as not tracked until the statements are run again.
//   - REPLACE deletes rows without a trigger (unless recursive_triggers is on). Rows that have a
//     unique key of the new row are therefore logged before each insert and update, through the
//     index that guards the key: with its collation, its expressions, its WHERE.
//   - A NULL given to a NOT NULL column with a DEFAULT becomes the default under REPLACE, after the
//     BEFORE triggers. If the column is in a unique key this logs a rid of NULL.
//   An index may compute with the rowid, which an insert does not know beforehand: such a table
//   cannot be tracked.
// The triggers also keep the log short: the newest 65,536 rows stay, the last one always.
//
// The text depends on the unique indexes. IsTracked() therefore compares every object with the text
// of today: after a new unique index the table is not tracked until the statements are run again.
// Threads: as the connection.
#pragma once

#include <string>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "scan/source.h"

namespace vecgraph {

// The name of the log table of a source.
std::string LogName(const Source& source);

// The statements that track the source's column, in order, each ending in ";". They may be run
// again at any time: the log stays, the triggers are made anew. An error says why the table cannot
// be tracked.
Status TrackStatements(sqlite3* db, const Source& source, std::vector<std::string>* statements);

// The statements that remove what TrackStatements made, or what is left of it.
std::vector<std::string> UntrackStatements(const Source& source);

// Whether all that TrackStatements makes is there, letter for letter. A table that cannot be
// tracked is not.
Status IsTracked(sqlite3* db, const Source& source, bool* tracked);

}  // namespace vecgraph
