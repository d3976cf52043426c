// Rows from all over a table, found by rowid: about a thousand, however long the table is.
//
// Threads: as the connection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "health/query.h"
#include "health/table_list.h"

namespace vecgraph {

constexpr int64_t kSampledRows = 1000;

// The range of the table's rowids; 0 to -1 if it is empty.
// REQUIRES: the table has a rowid with a name.
Status ReadRowids(sqlite3* db, const TableInfo& table, int64_t* first, int64_t* last);

// How many rows there are at most, from the range of rowids; -1 if there is no telling.
Status EstimateRows(sqlite3* db, const TableInfo& table, int64_t* rows);

// Calls `row(statement)` for sampled rows, with the columns `select` after the rowid, and counts
// them. A table without a rowid gives its first rows.
template <class Row>
Status SampleRows(sqlite3* db, const TableInfo& table, const std::string& select, int64_t* count,
                  Row&& row) {
  *count = 0;
  if (table.rowid.empty()) {
    return ForEachRow(db,
                      "SELECT NULL, " + select + " FROM " + table.Quoted() + " LIMIT " +
                          std::to_string(kSampledRows),
                      {}, [&](const Statement& found) {
                        ++*count;
                        row(found);
                      });
  }
  int64_t first = 0;
  int64_t last = -1;
  Status status = ReadRowids(db, table, &first, &last);
  if (!status.ok()) return status;
  Statement next;
  status =
      next.Prepare(db, "SELECT " + table.rowid + ", " + select + " FROM " + table.Quoted() +
                           " WHERE " + table.rowid + " >= ?1 ORDER BY " + table.rowid + " LIMIT 1");
  const auto span = static_cast<uint64_t>(last) - static_cast<uint64_t>(first);
  const auto step = std::max<uint64_t>(1, span / static_cast<uint64_t>(kSampledRows));
  int64_t at = first;
  uint64_t state = 1;
  while (status.ok() && at <= last) {
    next.BindInt(1, at);
    const int rc = next.Step();
    if (rc == SQLITE_ROW) {
      ++*count;
      row(next);
      // The next place is a step further on the average, or behind a gap that is longer. Equal
      // steps would see only some of the rows of a pattern that repeats; a fixed sequence of steps
      // gives the same report for the same rows.
      state = state * 6364136223846793005U + 1442695040888963407U;
      const uint64_t jump = 1 + (state >> 33) % (2 * step - 1);
      const int64_t found = next.Int(0);
      const auto left = static_cast<uint64_t>(last) - static_cast<uint64_t>(found);
      next.Reset();
      if (left < jump) break;
      at = static_cast<int64_t>(static_cast<uint64_t>(found) + jump);
    } else {
      if (rc != SQLITE_DONE) status = DatabaseError(db, rc);
      next.Reset();
      break;
    }
  }
  return status;
}

}  // namespace vecgraph
