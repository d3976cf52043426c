// EdgeReader: one call's way to its edges: a lock on the table, and the graph when it is wanted.
//
// Look-ups and the graph show one state: that of the statement which makes the call, since SQLite
// ends no read transaction while a statement runs. A graph that is in memory and valid costs
// nothing; otherwise Load() reads it, and keeps it if the table is plain and has no uncommitted
// change. The state is held by a statement of the cache as well when a graph is compared with it.
// REQUIRES: destroyed before the call returns.
// Threads: as the connection.
#pragma once

#include <memory>

#include "graph/graph_cache.h"
#include "graph/load.h"

namespace vecgraph {

class EdgeReader {
 public:
  EdgeReader(sqlite3* db, GraphCache* cache) : db_(db), cache_(cache) {}
  EdgeReader(const EdgeReader&) = delete;
  EdgeReader& operator=(const EdgeReader&) = delete;
  ~EdgeReader() { Close(); }

  Status Open(const EdgeRequest& request);
  // Whether Load() returns what is in memory.
  bool cached() const { return cached_; }
  // Whether that is `graph`: what was made of it is valid.
  bool Holds(const std::shared_ptr<const Graph>& graph) const {
    return cached_ && entry_->graph == graph;
  }
  Status Load(std::shared_ptr<const Graph>* graph);
  // Also those indexes that request().direction does not ask for.
  Status NoticeIndexes();
  // Of a plain table, which is about how many edges it has; else 0.
  Status LargestRowid(int64_t* rowid) const;

  // How many edges long walks have looked up since the graph was loaded.
  int64_t looked_up() const { return entry_->looked_up; }
  void AddLookedUp(int64_t edges) { entry_->looked_up += edges; }

  sqlite3* db() const { return db_; }
  const EdgeRequest& request() const { return request_; }
  const EdgeSource& source() const { return entry_->source; }
  const NodeSource& node_source() const { return entry_->node_source; }
  const StopPoll& poll() const { return poll_; }

 private:
  Status Hold();
  Status HoldBy(const std::string& sql, const std::string& label, Statement* statement);
  void Sample();
  void Close();

  sqlite3* db_;
  GraphCache* cache_;
  EdgeRequest request_;
  std::shared_ptr<CachedGraph> entry_;
  StopPoll poll_;
  SnapshotKey edges_key_;
  SnapshotKey nodes_key_;
  bool plain_ = false;  // of tables alone: the graph can be kept
  bool held_ = false;
  bool cached_ = false;
};

}  // namespace vecgraph
