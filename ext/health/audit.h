// Audit: which rows of a column of vectors hold no proper embedding, and what to do about each.
//
// What is expected (how many floats, and unit length or not) is guessed from the first rows where
// it is not given, and the whole column is then read once; a second time only if it disproves the
// guess. Vectors that may be equal are found by a hash, read again and compared byte by byte.
// Memory follows the faulty rows; the search for duplicates takes up to 48 bytes a row.
// Holds a read lock while it runs, nothing afterwards. Threads: as the connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "kernel/kernels.h"
#include "scan/id_pool.h"
#include "scan/source.h"

namespace vecgraph {

// In the order in which a row is examined: it gets the first that holds. A duplicate is sought
// among the rows that have none of the others but kNotUnit.
enum class VectorProblem : uint8_t {
  kType,        // neither a blob nor text that vec_f32 reads
  kText,        // a JSON array of the expected length
  kLength,      // no whole number of floats
  kInflated,    // 4n floats that are the bytes of n
  kDimensions,  // another number of floats than expected
  kNonfinite,   // NaN or Inf
  kZero,        // all elements are 0
  kConstant,    // all elements are the same
  kNotUnit,     // not of length 1, though most are
  kDuplicate,   // the bytes of an earlier row
};

const char* NameOf(VectorProblem problem);

struct VectorFault {
  int64_t rowid = 0;             // the table's; of a source without one the ordinal
  int64_t place = 0;             // in the order of the scan: of a table the rowid, else the number
  const StoredId* id = nullptr;  // null: the rowid, or not asked for
  VectorProblem problem = VectorProblem::kType;
  std::string detail;  // what is there, and what to do
};

struct AuditRequest {
  const Source* source = nullptr;
  const KernelTable* kernel = nullptr;
  std::optional<int64_t> dims;  // else what embedding_models says, else the most frequent
  bool with_id = false;
  bool duplicates = true;
};

struct AuditReport {
  int64_t rows = 0;
  int64_t nulls = 0;                // rows without a vector: no fault
  int64_t dims = 0;                 // expected; 0: there is no vector
  bool unit = false;                // whether most vectors have length 1
  std::vector<VectorFault> faults;  // as the rows are read, then by problem
  IdPool ids;
};

Status AuditVectors(sqlite3* db, const AuditRequest& request, AuditReport* report);

// Whether a float is an integer of 0 to 255. -0 is none: it would come back as 0.
bool IsByte(float value);
// Whether `floats` (n of them, at any address) are integers of 0 to 255, n a multiple of 4 above 0.
bool HoldsBytes(const void* floats, size_t n);
// The bytes that they are: n of them. REQUIRES: HoldsBytes(floats, n).
void Deflate(const void* floats, size_t n, uint8_t* bytes);

}  // namespace vecgraph
