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
  const bool plain =
      wanted->source.is_plain && (request.node_table.empty() || wanted->node_source.is_plain);
  entry_ = plain ? cache_->Find(std::move(wanted)) : std::move(wanted);
  entry_->busy = true;
  // Of a view or query nothing can be kept: its statements start when the graph is wanted.
  return plain ? Prepare() : Status::Ok();
}

// Steps a statement once, and says what state it sees.
Status EdgeReader::Begin(const std::string& schema, Statement* statement, const std::string& label,
                         Stepped* stepped, SnapshotKey* key) {
  stepped->statement = statement;
  stepped->code = statement->Step();
  if (stepped->code != SQLITE_ROW && stepped->code != SQLITE_DONE) {
    return DatabaseError(db_, stepped->code, "reading " + label);
  }
  // At its end a statement holds no lock: an empty table is read each time.
  *key = stepped->code == SQLITE_ROW && !schema.empty()
             ? SampleSnapshot(db_, schema, statement->get())
             : SnapshotKey();
  return Status::Ok();
}

Status EdgeReader::Prepare() {
  CachedGraph& entry = *entry_;
  Status status;
  if (!entry.edges) {
    status = entry.edges.Prepare(db_, entry.source.ScanSql(), SQLITE_PREPARE_PERSISTENT);
  }
  const bool with_nodes = !entry.node_source.sql.empty();
  if (status.ok() && with_nodes && !entry.nodes) {
    status = entry.nodes.Prepare(db_, entry.node_source.sql, SQLITE_PREPARE_PERSISTENT);
  }
  if (!status.ok()) return status;
  if (entry.source.types_given) entry.edges.BindText(1, entry.types);
  begun_ = true;
  const bool plain = entry.source.is_plain;
  status = Begin(plain ? entry.source.schema : "", &entry.edges, entry.source.label, &edges_,
                 &edges_key_);
  if (status.ok() && with_nodes) {
    status = Begin(plain ? entry.node_source.schema : "", &entry.nodes, entry.node_source.label,
                   &nodes_, &nodes_key_);
  }
  if (!status.ok()) return status;
  cached_ = entry.graph && edges_key_.SameAs(entry.edges_key) &&
            (!with_nodes || nodes_key_.SameAs(entry.nodes_key));
  if (!cached_) {
    entry.graph = nullptr;
    entry.claim = MemoryClaim();
  }
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
  Status status = begun_ ? Status::Ok() : Prepare();
  auto loaded = std::make_shared<Graph>();
  if (status.ok()) {
    status = LoadGraph(db_, entry.source, entry.null_weight, edges_, nodes_, poll_, loaded.get());
  }
  if (!status.ok()) return status;
  if (edges_key_.known && (!nodes_.statement || nodes_key_.known)) {
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
  edges_ = nodes_ = Stepped();
  begun_ = cached_ = false;
}

}  // namespace vecgraph
