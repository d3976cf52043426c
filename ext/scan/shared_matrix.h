// SharedMatrix: the matrix of a tracked table, one for all connections of the process to a file.
//
// It shows the table as of a position in the table's change log (change_log.h). A connection that
// reads a later position either brings the matrix there, if what it reads is committed, or leaves
// those rows out and reads them itself. A connection that reads an earlier one streams.
// Threads: any. A search holds the lock shared; a change holds it alone, and only to copy rows that
// were read before. The registry gives a forked child entries of its own.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "base/memory.h"
#include "scan/change_log.h"
#include "scan/matrix.h"

namespace vecgraph {

struct SharedMatrix {
  std::shared_mutex mutex;
  // All below: read with the lock held shared, changed with it held alone.
  MemoryCap memory;                // before the matrix that takes from it
  std::unique_ptr<Matrix> matrix;  // null: not filled yet
  LogPosition position;
};

// The entry of this process for a column of a table in a file; made if there is none. A database
// without a file has an entry for each caller.
std::shared_ptr<SharedMatrix> FindShared(sqlite3* db, const Source& source, ElementType element,
                                         size_t dims);

}  // namespace vecgraph
