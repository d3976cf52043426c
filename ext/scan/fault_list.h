// FaultList: the rows of a table that are no vectors of a matrix, and how many there are of each
// kind.
//
// There may be millions: rows without a vector are faults too. So a load appends, in the order of
// the rowids; single changes are kept aside until Merge() puts all of them in their places.
// Threads: as the matrix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vecgraph {

class FaultList {
 public:
  // A row that is no vector of the right length, or one with NaN or infinity (`type` SQLITE_BLOB,
  // `bytes` the right length).
  struct Fault {
    int64_t rowid;
    int type;
    int bytes;
  };
  struct Counts {
    int64_t null = 0;
    int64_t type = 0;       // neither NULL nor a blob
    int64_t length = 0;     // a blob of another length
    int64_t nonfinite = 0;  // NaN or infinity in it
  };

  // `vector_bytes`: of a vector of the matrix.
  explicit FaultList(int vector_bytes) : vector_bytes_(vector_bytes) {}

  void Clear();
  void Set(const Fault& fault);
  void Remove(int64_t rowid);
  void Merge();

  // REQUIRES: merged.
  const std::vector<Fault>& all() const { return faults_; }
  const Counts& counts() const { return counts_; }

  size_t bytes() const { return (faults_.capacity() + changes_.capacity()) * sizeof(Fault); }

 private:
  void Count(const Fault& fault, int64_t by);

  const int vector_bytes_;
  std::vector<Fault> faults_;   // in the order of their rowids
  std::vector<Fault> changes_;  // type 0: the row is no fault any more
  Counts counts_;               // of faults_
};

}  // namespace vecgraph
