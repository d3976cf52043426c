// The write test: a row goes into the table _health and comes back.
//
// Threads: as the connection.
#pragma once

#include <string>

#include "base/sqlite.h"
#include "base/status.h"

namespace vecgraph {

// Writes, reads and trims main._health (made if it is missing; the last ten rows stay), all or
// nothing, and says what the journal mode is.
Status Probe(sqlite3* db, std::string* journal_mode);

}  // namespace vecgraph
