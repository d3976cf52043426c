// The nearest rows of a matrix, exactly: through the planes where bounds can exclude rows, else by
// scoring every vector.
//
// A pass over the planes works in blocks of rows that any thread takes. A row whose upper bound, by
// its 4-bit code, lies below the limit is dropped; the others are looked at again in 8 bits. The
// limit is the k-th largest lower bound so far, over all threads: at least k rows are as near, so
// the true k-th is, and a row that is dropped cannot be among them. What remains is scored with the
// kernels that the scalar functions use. Blocks are taken in an order that jumps through the rows,
// since rows in the order of their scores would push the limit up one by one.
// Threads: any number of searches of one matrix at once.
#pragma once

#include <functional>
#include <vector>

#include "base/interrupt.h"
#include "scan/matrix.h"
#include "scan/search.h"

namespace vecgraph {

struct MatrixRequest {
  const SearchRequest* search = nullptr;  // candidates and strict are the caller's to look after
  const KernelTable* kernel = nullptr;
  int threads = 1;
  InterruptPoll* interrupt = nullptr;            // null: not asked
  const std::vector<uint32_t>* slots = nullptr;  // only these, ascending, if set
  // Reads the vector of a row, for a matrix without vectors; null at the end of `row`.
  std::function<Status(int64_t rowid, VectorView* row)> fetch;
};

struct MatrixResult {
  Hits hits;              // in order, without ids
  const char* tier = "";  // float32, int8, int4
  int64_t bytes = 0;      // of the matrix that were read
  int64_t scored = 0;     // rows whose exact score was computed
  int64_t scoreless = 0;  // of those, rows that have none
  bool possible = true;   // false: this matrix cannot answer, and nothing else is set
};

Status SearchMatrix(const Matrix& matrix, const MatrixRequest& request, MatrixResult* result);

}  // namespace vecgraph
