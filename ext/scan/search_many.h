// SearchMany: several queries against one source, in one pass over its rows.
//
// Each query gets the hits, or the error, that Search() would give it. A table is searched in
// memory if the cache holds it (matrix_search_many.h); else its rows are stepped once, for all
// queries.
// Threads: as the connection; it hands arithmetic to workers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "scan/cached_search.h"
#include "scan/search.h"
#include "scan/table_cache.h"

namespace vecgraph {

// A source that is searched again and again.
struct Target {
  Source source;
  std::shared_ptr<CachedTable> table;  // if it is one whose vectors may be in memory
  ColumnScan scan;                     // prepared when first needed
};

struct ManyContext {
  sqlite3* db;
  const KernelTable& kernel;
  int threads;
  TableCache* cache;
};

// `requests` differ only in their queries, which may be of several lengths and element types; they
// have no candidates and no `after`. `*ids` gets the id of every hit that the rowid is not the id
// of, if with_id. `*report` is overwritten but for its count of searches. An error that belongs to
// a query is in its answer.
Status SearchMany(const ManyContext& context, Target* target,
                  std::span<const SearchRequest> requests, std::vector<Answer>* answers, IdMap* ids,
                  SearchReport* report);

}  // namespace vecgraph
