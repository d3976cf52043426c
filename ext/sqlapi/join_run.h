// JoinRun: one call of vec_join. It reads the left rows in blocks, and searches the right side for
// all vectors of a block at once (scan/search_many.h).
//
// Between calls the statement that reads the left side is held, and with it a read lock: all blocks
// see one snapshot. It is reset when the last left row was read, or with the run. Inside a
// statement that writes, the whole join is computed at once, so that it cannot see what the
// statement writes.
// A left row that cannot be searched for is an error when its turn comes: the hits of the rows
// before it are given first.
// Threads: as the connection.
#pragma once

#include <memory>
#include <vector>

#include "scan/search_many.h"
#include "sqlapi/connection.h"
#include "sqlapi/join_arguments.h"

namespace vecgraph {

class JoinRun {
 public:
  // `with_left_id`, `with_id`: whether left_id() and id() will be asked.
  JoinRun(Connection* connection, JoinArguments arguments, bool with_left_id, bool with_id);

  // Finds the first row.
  Status Start();
  // REQUIRES: !eof(), and no error so far.
  Status Next();
  bool eof() const { return left_at_ >= left_.size(); }

  // The row. REQUIRES: !eof().
  int64_t left_rowid() const { return left_[left_at_].rowid; }
  // Null if left_rowid() is the id.
  sqlite3_value* left_id() const { return left_[left_at_].id.get(); }
  bool left_has_id() const { return !left_source_.id.empty(); }
  const Hit& hit() const { return left_[left_at_].answer.hits[hit_at_]; }
  int64_t rank() const { return static_cast<int64_t>(hit_at_) + 1; }
  // The id of the hit; null if it is NULL.
  const StoredId* id() const { return left_[left_at_].ids->Find(hit().rowid); }
  bool right_has_id() const { return !right_.source.id.empty(); }
  const JoinArguments& arguments() const { return arguments_; }

 private:
  struct LeftRow {
    int64_t rowid = 0;
    Value id;
    Vector vector;  // until it was searched for
    Answer answer;
    std::shared_ptr<const IdMap> ids;  // of the hits of its block
  };

  Status OpenSources();
  Status NextBlock();
  Status ReadLeft(size_t most, std::vector<LeftRow>* block);
  Status ReadVector(sqlite3_value* value, Vector* vector) const;
  Status Search(std::vector<LeftRow>* block);
  Status SkipEmpty();
  size_t BlockSize();
  Status NameLeft(int64_t rowid, const Status& status) const;

  Connection* connection_;
  JoinArguments arguments_;
  const bool with_left_id_;
  const bool with_id_;
  Source left_source_;
  ColumnScan left_scan_;
  bool left_done_ = false;
  Target right_;
  int64_t right_rows_ = -1;  // as the last pass saw; -1: not known yet
  size_t next_block_ = 16;   // LIMIT may want no more than the first rows
  std::vector<LeftRow> left_;
  size_t left_at_ = 0;
  size_t hit_at_ = 0;
  Status failure_;  // of the left row after those in left_
  bool whole_ = false;
};

}  // namespace vecgraph
