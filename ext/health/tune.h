// Applying a profile to a connection, and comparing one with it.
//
// What is reported is read back, never what was asked for. Settings are those of the main database.
// Threads: as the connection.
#pragma once

#include <string>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "health/profile.h"

namespace vecgraph {

struct Tuned {
  const Setting* setting;
  Cell actual;
  bool ok;
  std::string error;  // why SQLite refused the setting; empty if it did not
};

// The value of a pragma of `schema`; nothing if it has none there.
Status ReadPragma(sqlite3* db, const std::string& schema, const char* pragma, Cell* value);

// Why settings cannot be made now: a transaction is open, or a statement reads.
Status CheckIdle(sqlite3* db, const char* use);

// Makes the settings in their order and reads each back. A setting that SQLite refuses is reported
// and does not stop those after it.
Status Tune(sqlite3* db, const Profile& profile, std::vector<Tuned>* tuned);

// Reads the settings and changes nothing.
Status CheckTuning(sqlite3* db, const Profile& profile, std::vector<Tuned>* tuned);

}  // namespace vecgraph
