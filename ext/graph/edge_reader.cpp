#include "graph/edge_reader.h"

#include <utility>

namespace vecgraph {

Status EdgeReader::Open(const EdgeRequest& request) {
  Close();
  request_ = request;
  poll_ = [this] { return cache_->interrupt().PollOn(db_); };
  auto wanted = std::make_shared<CachedGraph>();
  Status status = ResolveEdges(db_, request, &wanted->source);
  if (status.ok() && !request.node_table.empty()) {
    status = ResolveNodes(db_, request, &wanted->node_source);
  }
  if (!status.ok()) return status;
  wanted->types = request.types.value_or("");
  wanted->null_weight = request.null_weight;
  const bool with_nodes = !wanted->node_source.id.empty();
  plain_ = wanted->source.is_plain && (!with_nodes || wanted->node_source.is_plain);
  entry_ = plain_ ? cache_->Find(std::move(wanted)) : std::move(wanted);
  entry_->busy = true;
  CachedGraph& entry = *entry_;
  if (!entry.graph) return status;
  status = Hold();
  if (!status.ok()) return status;
  Sample();
  cached_ =
      edges_key_.SameAs(entry.edges_key) && (!with_nodes || nodes_key_.SameAs(entry.nodes_key));
  if (!cached_) {
    entry.graph = nullptr;
    entry.claim = MemoryClaim();
  }
  return status;
}

Status EdgeReader::NoticeIndexes() {
  if (request_.direction == Direction::kBoth) return Status::Ok();
  request_.direction = Direction::kBoth;
  return ResolveEdges(db_, request_, &entry_->source);
}

// Locks tables for reading, if the graph of them can be kept.
Status EdgeReader::Hold() {
  CachedGraph& entry = *entry_;
  Status status;
  if (held_ || !plain_) return status;
  status = HoldBy(entry.source.HoldSql(), entry.source.label, &entry.edges);
  if (status.ok() && !entry.node_source.id.empty()) {
    status = HoldBy(entry.node_source.HoldSql(), entry.node_source.label, &entry.nodes);
  }
  held_ = status.ok();
  return status;
}

// Leaves the statement on its only row: that holds a read lock.
Status EdgeReader::HoldBy(const std::string& sql, const std::string& label, Statement* statement) {
  Status status =
      *statement ? Status::Ok() : statement->Prepare(db_, sql, SQLITE_PREPARE_PERSISTENT);
  if (!status.ok()) return status;
  const int rc = statement->Step();
  return rc == SQLITE_ROW ? std::move(status) : DatabaseError(db_, rc, "reading " + label);
}

// Says what state is held.
void EdgeReader::Sample() {
  const CachedGraph& entry = *entry_;
  edges_key_ = SampleSnapshot(db_, entry.source.schema, entry.edges.get());
  if (!entry.nodes) return;
  nodes_key_ = SampleSnapshot(db_, entry.node_source.schema, entry.nodes.get());
}

Status EdgeReader::LargestRowid(int64_t* rowid) const {
  *rowid = 0;
  const EdgeSource& source = entry_->source;
  if (!source.is_plain || source.rowid.empty()) return Status::Ok();
  Statement largest;
  Status status = largest.Prepare(db_, source.LargestRowidSql());
  if (!status.ok()) return status;
  const int rc = largest.Step();
  if (rc != SQLITE_ROW) return DatabaseError(db_, rc, "reading " + source.label);
  *rowid = largest.Int(0);
  return status;
}

Status EdgeReader::Load(std::shared_ptr<const Graph>* graph) {
  CachedGraph& entry = *entry_;
  if (cached_) {
    ++entry.hits;
    *graph = entry.graph;
    cache_->Keep(&entry);  // the lists of what enters may have been added
    return Status::Ok();
  }
  Status status = cache_->OpenFeed(db_);
  if (status.ok()) status = Hold();
  int64_t largest_rowid = 0;
  if (status.ok()) status = LargestRowid(&largest_rowid);
  auto loaded = std::make_shared<Graph>();
  if (status.ok()) {
    status = LoadGraph(db_, entry.source, entry.node_source, entry.types, entry.null_weight,
                       largest_rowid, poll_, loaded.get());
  }
  if (!status.ok()) return status;
  entry.looked_up = 0;
  if (plain_) Sample();
  if (edges_key_.known && (!entry.nodes || nodes_key_.known)) {
    entry.graph = loaded;
    entry.edges_key = edges_key_;
    entry.nodes_key = nodes_key_;
    cache_->Keep(&entry);
  }
  *graph = std::move(loaded);
  return status;
}

void EdgeReader::Close() {
  if (!entry_) return;
  entry_->edges.Reset();
  entry_->nodes.Reset();
  entry_->busy = false;
  entry_ = nullptr;
  edges_key_ = nodes_key_ = SnapshotKey();
  plain_ = held_ = cached_ = false;
}

}  // namespace vecgraph
