// Many queries against one matrix, in one pass over its rows for some hundred queries.
//
// Each query gets what SearchMatrix() gives it. The rows pass in tiles that stay in the CPU's cache
// while the queries meet them: the codes are read from memory once, and the products of a tile are
// computed for several queries at once. A thread has whole queries, so nothing has to be merged.
// Threads: as SearchMatrix().
#pragma once

#include <span>
#include <vector>

#include "scan/matrix_search.h"

namespace vecgraph {

// `common`: its `search` is not used, its `slots` are null. `searches`: of one length and element
// type, metric and limit, without `after`. `*results` gets one result for each; none is possible
// if the matrix cannot answer (MatrixResult::possible).
Status SearchMatrixMany(const Matrix& matrix, const MatrixRequest& common,
                        std::span<const SearchRequest> searches,
                        std::vector<MatrixResult>* results);

}  // namespace vecgraph
