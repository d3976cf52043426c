// GraphCache: the graphs that a connection keeps in memory.
//
// The graph of a plain table is used again while the snapshot key of the table, sampled under a
// read lock, equals the one under which it was read (base/snapshot.h): then the table cannot have
// changed. With a node table both keys count. Graphs share the cap of the vectors (vec_config
// 'cache_mb'); those that were used least recently make room.
//
// The statements belong to the cache, and the cache to the virtual tables that use it: the last one
// that SQLite disconnects empties it, before the connection closes.
// Threads: as the connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/memory.h"
#include "base/snapshot.h"
#include "base/statement.h"
#include "graph/edge_source.h"
#include "graph/graph.h"
#include "graph/row_feed.h"

namespace vecgraph {

// An edge source with its statements, and its graph if that is in memory.
struct CachedGraph {
  EdgeSource source;
  NodeSource node_source;
  std::string types;
  NullWeight null_weight;
  Statement edges;  // of HoldSql(), of both
  Statement nodes;
  SnapshotKey edges_key;  // under which `graph` was read
  SnapshotKey nodes_key;
  std::shared_ptr<const Graph> graph;
  MemoryClaim claim;
  bool busy = false;      // a reader steps its statements
  int64_t looked_up = 0;  // edges, by walks, since the graph was loaded
  int64_t hits = 0;
  uint64_t used = 0;

  bool Same(const CachedGraph& other) const;
};

class GraphCache {
 public:
  explicit GraphCache(MemoryCap* memory) : memory_(memory) {}

  // Each virtual table that uses the cache attaches itself once.
  void Attach() { ++users_; }
  void Detach() {
    if (--users_ == 0) Clear();
  }
  void Clear() { graphs_.clear(), interrupt_ = {}; }

  // The entry like `wanted`, or `wanted` itself as a new one; not one that is busy.
  std::shared_ptr<CachedGraph> Find(std::shared_ptr<CachedGraph> wanted);
  // Counts what the entry's graph takes, or drops the graph if there is no room.
  void Keep(CachedGraph* entry);
  // Frees what no longer fits.
  void Trim() { MakeRoom(0, nullptr); }

  InterruptPoll& interrupt() { return interrupt_; }
  // Makes FeedRows() possible.
  Status OpenFeed(sqlite3* db) {
    Status status = has_feed_ ? Status::Ok() : CreateRowFeed(db);
    has_feed_ = status.ok();
    return status;
  }

 private:
  bool MakeRoom(int64_t bytes, const CachedGraph* own);

  MemoryCap* memory_;
  InterruptPoll interrupt_;
  bool has_feed_ = false;
  std::vector<std::shared_ptr<CachedGraph>> graphs_;
  int users_ = 0;
  uint64_t turn_ = 0;
};

}  // namespace vecgraph
