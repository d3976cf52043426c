// Where the bytes of a database are: per database, table and index.
//
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "health/cell.h"

namespace vecgraph {

// The pages of one b-tree, as the virtual table dbstat of SQLite sees them.
struct TreePages {
  int64_t pages = 0;
  int64_t bytes = 0;
  int64_t overflow = 0;  // pages
  int64_t unused = 0;    // bytes
  int64_t payload = 0;
  int64_t leaves = 0;
  int64_t leaf_cells = 0;
  int64_t leaf_payload = 0;
  int64_t cells = 0;
};

// Whether this SQLite has dbstat and no table or view of main hides it; those of other databases do
// not matter, since it is called main.dbstat.
Status HasDbstat(sqlite3* db, bool* has);

// By name of the table or index. Reads every page of the schema.
Status ReadTrees(sqlite3* db, const std::string& schema, std::map<std::string, TreePages>* trees);

struct StatsRow {
  std::string schema;
  const char* kind;  // database, table or index
  std::string name;
  std::string table;  // whose index it is
  Cell pages;
  Cell bytes;
  Cell overflow;
  Cell unused;
  Cell rows;
  Cell average_row;
  Cell embedding_bytes;
  Cell problem;  // why a number is missing
};

// A row for each database, each of its tables and each of their indexes. What cannot be read leaves
// its numbers out and says why.
Status ReadStats(sqlite3* db, std::vector<StatsRow>* rows);

}  // namespace vecgraph
