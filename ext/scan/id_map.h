// IdMap: the ids of rows that several searches may have found, by rowid.
//
// It has parts, in each of which the rows were added in the order of their rowids. It does not move
// what it holds, so that growing and destroying take little time at once. Threads: belongs to one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "scan/id_pool.h"

namespace vecgraph {

class IdMap {
 public:
  class Part {
   public:
    // REQUIRES: a rowid above those before.
    void Add(int64_t rowid, sqlite3_value* id) { rows_.push_back({rowid, ids_.Add(id)}); }
    const StoredId* Find(int64_t rowid) const {
      const auto row =
          std::lower_bound(rows_.begin(), rows_.end(), rowid,
                           [](const Row& r, int64_t wanted) { return r.rowid < wanted; });
      return row == rows_.end() || row->rowid != rowid ? nullptr : row->id;
    }

   private:
    struct Row {
      int64_t rowid;
      const StoredId* id;
    };

    std::deque<Row> rows_;
    IdPool ids_;
  };

  // A part that is empty, and stays where it is.
  Part* AddPart() { return &parts_.emplace_back(); }
  // Null if the row is in no part.
  const StoredId* Find(int64_t rowid) const {
    for (const Part& part : parts_) {
      if (const StoredId* const id = part.Find(rowid)) return id;
    }
    return nullptr;
  }

 private:
  std::deque<Part> parts_;
};

}  // namespace vecgraph
