// The columns of a database that hold vectors, and a query for the rows of one that a report reads.
//
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "health/check.h"
#include "scan/source.h"

namespace vecgraph {

struct EmbeddingColumn {
  const TableInfo* table = nullptr;
  std::string name;
  std::string model;  // what embedding_models says; empty: nothing
  int64_t dims = 0;   // the same; 0: nothing

  std::string Label() const { return table->name + "." + name; }
};

// Those that IsEmbeddingColumn() names and those that the table embedding_models does.
Status ListEmbeddingColumns(const Examined& at, std::vector<EmbeddingColumn>* columns);

// All rows of the column, or about `most` of them from all over the table, in its order.
Source WholeColumn(const EmbeddingColumn& column);
Status SampledColumn(sqlite3* db, const EmbeddingColumn& column, int64_t most, Source* source);

// Whether the column holds float32 vectors, as far as some of its rows tell: read as floats, the
// bytes of int8 and bit vectors are mostly beyond 1e12 or below 1e-12.
Status LooksLikeFloats(sqlite3* db, const EmbeddingColumn& column, bool* floats);

}  // namespace vecgraph
