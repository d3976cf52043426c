// Adoption: tables of the store's names that other programs made, brought to the shape of a
// migration by the files of sql/adopt, and recorded.
//
// What a shape is, is written in those files alone: each begins with a check that fails on every
// other shape. They are tried in their order; one that fits takes the tables a step on.
// Threads: as the connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "store/script.h"

namespace vecgraph {

// Adopts the tables of a database without a recorded migration. *adopted gets the names of the
// files that were run; none if there is no table nodes. A shape that no file knows is an error.
// REQUIRES: within `transaction`, which is rolled back on failure.
Status Adopt(sqlite3* db, Transaction* transaction, std::vector<std::string_view>* adopted);

// What somebody should look at after tables of another shape were migrated, a sentence each; they
// hold nothing that JSON would escape.
Status Notes(sqlite3* db, std::vector<std::string>* notes);

}  // namespace vecgraph
