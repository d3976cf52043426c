// Duplicates: the rows of a scan that hold the same bytes as an earlier one.
//
// While the rows are read only a hash of each is kept. Find() reads those rows again whose hash
// another one has (a few of a table by rowid, else by a scan), and compares the bytes: what it
// reports is equal, whatever the hash does.
// Memory: up to 48 bytes a row, and copies of at most kMostCopied bytes (or of one vector); where
// more is needed, the rows are read once more. Threads: as the connection.
#pragma once

#include <cstdint>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "scan/column_scan.h"
#include "scan/source.h"
#include "vector/vector.h"

namespace vecgraph {

struct AuditReport;

class Duplicates {
 public:
  static constexpr size_t kMostCopied = size_t{64} << 20;

  Duplicates();

  // `place` grows: of a table the rowid, else the number of the row in the scan, from 1.
  void Add(const VectorView& v, int64_t place) { rows_.push_back({Hash(v), place}); }

  // Adds the duplicates to the faults of the report. Empties the collection.
  // `scan` is that of the source, opened with_id.
  Status Find(sqlite3* db, const Source& source, bool with_id, ColumnScan* scan,
              AuditReport* report);

 private:
  struct Row {
    uint64_t hash;
    int64_t place;

    bool operator==(const Row&) const = default;
    bool operator<(const Row& other) const {
      return hash != other.hash ? hash < other.hash : place < other.place;
    }
  };

  uint64_t Hash(const VectorView& v) const;

  uint64_t seed_[2];  // random, so that nobody makes rows of one hash on purpose
  std::vector<Row> rows_;
};

}  // namespace vecgraph
