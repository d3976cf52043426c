#include "sqlapi/topk_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/interrupt.h"
#include "scan/cached_search.h"

namespace vecgraph {
namespace {

Status Open(Connection* connection, const TopkArguments& arguments, bool with_id,
            std::shared_ptr<OpenSource>* out) {
  auto open = std::make_shared<OpenSource>();
  Status status =
      arguments.source_is_query
          ? ResolveQuery(connection->db, arguments.source, arguments.column, &open->source)
          : connection->cache.Open(connection->db, arguments.source, arguments.column, &open->table,
                                   &open->source);
  if (!status.ok()) return status;
  open->with_id = with_id;
  *out = std::move(open);
  return status;
}

// Holds the table of a source while it lives, if it has one that nobody else holds.
class Hold {
 public:
  Hold(sqlite3* db, const OpenSource& open) {
    if (open.table && !open.table->busy) held_.emplace(db, open.table);
  }
  HeldTable* get() { return held_ ? &*held_ : nullptr; }
  SnapshotKey key() const { return held_ ? held_->key() : SnapshotKey(); }

 private:
  std::optional<HeldTable> held_;
};

}  // namespace

Status TopkSearch::FindRest() {
  Hold hold(connection_->db, *open_);
  // Hits of another snapshot would mix with the first ones: then they serve this call alone.
  if (!hold.key().SameAs(snapshot_)) snapshot_ = {};
  const auto have = static_cast<int64_t>(found());
  return FindMore(hold.get(), arguments_.k == kUnlimited ? kUnlimited : arguments_.k - have);
}

// Searches for the next `limit` hits after those that are there.
Status TopkSearch::FindMore(HeldTable* held, int64_t limit) {
  Connection& connection = *connection_;
  SearchRequest request;
  request.source = &open_->source;
  request.query = arguments_.query.view;
  request.metric = arguments_.metric;
  request.limit = limit;
  request.min_score = arguments_.min_score;
  request.strict = arguments_.strict;
  request.candidates = &candidates_;
  request.with_id = open_->with_id;
  request.after = first_.empty() ? nullptr : &first_.back();
  Hits more;
  Status status;
  bool answered = false;
  if (held) {
    status = SearchCached(connection.db, *connection.kernel, connection.threads, &connection.cache,
                          held, request, &more, &connection.last_scan, &answered);
  }
  if (status.ok() && !answered) {
    if (!open_->scan) status = open_->scan.Open(connection.db, open_->source, open_->with_id);
    if (status.ok()) {
      status = Search(connection.db, *connection.kernel, request, &open_->scan, &more,
                      &connection.last_scan);
    }
    if (status.ok() && held && candidates_.all) {
      connection.cache.MatrixOf(&held->table(), request.query.type, request.query.dims)
          .expected_rows = connection.last_scan.Vectors();
    }
  }
  if (!status.ok()) return status;
  complete_ = static_cast<int64_t>(more.size()) < limit;
  (first_.empty() ? first_ : rest_) = std::move(more);
  if (static_cast<int64_t>(found()) >= arguments_.k) complete_ = true;
  return status;
}

Status TopkSearch::FindAndPick(HeldTable* held) {
  HitVectors vectors(connection_->db, open_->source);
  Status status = vectors.Lock();
  if (status.ok()) status = FindMore(held, arguments_.k);
  if (!status.ok()) return status;
  complete_ = true;
  InterruptPoll interrupt;
  const StopPoll poll = [&] { return interrupt.PollOn(connection_->db); };
  const Relevance relevance{*connection_->kernel, arguments_.metric, arguments_.query.view};
  status = vectors.Read(relevance, first_, poll);
  if (!status.ok()) return status;
  return PickDiverse(relevance, first_, vectors, arguments_.diversity->lambda,
                     arguments_.diversity->k, poll, &picks_);
}

Status TopkSearch::Start(bool with_id) {
  if (arguments_.query_is_null || arguments_.k == 0) return Status::Ok();
  Status status = Open(connection_, arguments_, with_id, &open_);
  if (!status.ok()) return status;
  const Source& source = open_->source;
  if (arguments_.within_rowids && !source.has_rowid()) {
    return Status::Error(
        Format("within: vec_ids holds rowids, and %s has none; give a JSON array of ids, as "
               "json_group_array(id) makes it",
               source.Label().c_str()));
  }
  // Without a rowid of the table, rowid IN is left to SQLite, after k.
  const std::vector<IdSet> none;
  status =
      FindCandidates(connection_->db, source, source.has_rowid() ? arguments_.rowid_sets : none,
                     arguments_.id_sets, &candidates_);
  if (!status.ok()) return status;
  Hold hold(connection_->db, *open_);
  status = arguments_.diversity
               ? FindAndPick(hold.get())
               : FindMore(hold.get(), std::min(arguments_.first_batch, arguments_.k));
  if (status.ok()) snapshot_ = hold.key();
  return status;
}

bool TopkSearch::Answers(const TopkArguments& arguments, bool with_id) {
  if (!snapshot_.known || open_->with_id != with_id || !arguments_.SameSearch(arguments)) {
    return false;
  }
  return Hold(connection_->db, *open_).key().SameAs(snapshot_);
}

}  // namespace vecgraph
