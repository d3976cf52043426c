// Candidates: the rows that a search may return, decided before it starts.
#pragma once

#include <cstdint>
#include <vector>

#include "base/id_set.h"
#include "base/status.h"
#include "scan/source.h"

namespace vecgraph {

struct Candidates {
  bool all = true;
  // Otherwise, for a source with rowids: these, ascending and distinct.
  std::vector<int64_t> rowids;
  // And for one without: rows whose id is in every set.
  std::vector<IdSet> ids;

  bool operator==(const Candidates&) const = default;
};

// Turns restrictions by rowid and by id (a row must be in every set) into candidates. Ids of a
// table are looked up through its key; what no row has is left out. An error: interrupted, among
// others.
// REQUIRES: rowid_sets is empty unless the source has rowids.
Status FindCandidates(sqlite3* db, const Source& source, const std::vector<IdSet>& rowid_sets,
                      std::vector<IdSet> id_sets, Candidates* candidates);

// Reads a JSON array of numbers and strings.
Status ReadJsonIds(sqlite3* db, std::string_view json, IdSet* ids);

}  // namespace vecgraph
