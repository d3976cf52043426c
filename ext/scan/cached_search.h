// SearchCached: a search answered from memory, if the cache holds what the table shows now.
//
// Gives the hits, the counts of skipped rows and the errors that Search() gives.
// Threads: as the connection; it hands arithmetic to workers.
#pragma once

#include <span>

#include "scan/id_map.h"
#include "scan/search.h"
#include "scan/table_cache.h"

namespace vecgraph {

// `*answered` is false if the table has to be read instead: nothing else is set then, and the next
// search may find the matrix filled.
Status SearchCached(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                    HeldTable* held, const SearchRequest& request, Hits* hits, SearchReport* report,
                    bool* answered);

// What one of several searches found. The ids of the hits are kept apart: many searches find the
// same row.
struct Answer {
  Hits hits;
  Status failure;
};

// The same for several searches of one length and element type that differ only in their queries,
// without candidates and `after`. `answers` has as many elements. `*report` grows by what was done.
Status SearchCachedMany(sqlite3* db, const KernelTable& kernel, int threads, TableCache* cache,
                        HeldTable* held, std::span<const SearchRequest> requests,
                        std::span<Answer* const> answers, IdMap* ids, SearchReport* report,
                        bool* answered);

// The vector of a row, as the table has it; valid until the next call. An error if there is none.
Status FetchVector(sqlite3* db, CachedTable* table, int64_t rowid, ElementType element,
                   VectorView* vector);

// Gives each hit the value of its id column, if the table has one.
Status FetchIds(sqlite3* db, CachedTable* table, Hits* hits);

}  // namespace vecgraph
