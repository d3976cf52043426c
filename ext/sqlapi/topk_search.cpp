#include "sqlapi/topk_search.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vecgraph {
namespace {

Status Open(sqlite3* db, const TopkArguments& arguments, bool with_id,
            std::shared_ptr<OpenSource>* out) {
  auto open = std::make_shared<OpenSource>();
  Status status = arguments.source_is_query
                      ? ResolveQuery(db, arguments.source, arguments.column, &open->source)
                      : ResolveTable(db, arguments.source, arguments.column, &open->source);
  if (!status.ok()) return status;
  open->with_id = with_id;
  status = open->scan.Open(db, open->source, with_id);
  *out = std::move(open);
  return status;
}

}  // namespace

Status TopkSearch::FindRest() {
  // Hits of another snapshot would mix with the first ones: then they serve this call alone.
  if (!HoldSnapshot().SameAs(snapshot_)) snapshot_ = {};
  open_->scan.Stop();
  const auto have = static_cast<int64_t>(hits_.size());
  return FindMore(arguments_.k == kUnlimited ? kUnlimited : arguments_.k - have);
}

// Searches for the next `limit` hits after those that are there.
Status TopkSearch::FindMore(int64_t limit) {
  SearchRequest request;
  request.source = &open_->source;
  request.query = arguments_.query.view;
  request.metric = arguments_.metric;
  request.limit = limit;
  request.min_score = arguments_.min_score;
  request.strict = arguments_.strict;
  request.candidates = &candidates_;
  request.with_id = open_->with_id;
  request.after = hits_.empty() ? nullptr : &hits_.back();
  std::vector<Hit> more;
  Status status = Search(connection_->db, *connection_->kernel, request, &open_->scan, &more,
                         &connection_->last_scan);
  if (!status.ok()) return status;
  complete_ = static_cast<int64_t>(more.size()) < limit;
  std::move(more.begin(), more.end(), std::back_inserter(hits_));
  if (static_cast<int64_t>(hits_.size()) >= arguments_.k) complete_ = true;
  return status;
}

// Takes a read lock on the source and says which snapshot it shows; the scan is left started.
SnapshotKey TopkSearch::HoldSnapshot() {
  if (open_->source.kind != Source::Kind::kTable) return {};
  open_->scan.Start();
  if (open_->scan.Next() != SQLITE_ROW) return {};
  return SampleSnapshot(connection_->db, open_->source.schema, open_->scan.statement());
}

Status TopkSearch::Start(const TopkSearch* last, bool with_id) {
  if (arguments_.query_is_null || arguments_.k == 0) return Status::Ok();
  Status status;
  if (last && last->open_ && last->open_->with_id == with_id &&
      last->arguments_.SameSource(arguments_)) {
    open_ = last->open_;
  } else {
    status = Open(connection_->db, arguments_, with_id, &open_);
    if (!status.ok()) return status;
  }
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
  const SnapshotKey snapshot = HoldSnapshot();
  status = FindMore(std::min(arguments_.first_batch, arguments_.k));
  open_->scan.Stop();
  if (status.ok()) snapshot_ = snapshot;
  return status;
}

bool TopkSearch::Answers(const TopkArguments& arguments, bool with_id) {
  if (!snapshot_.known || open_->with_id != with_id || !arguments_.SameSearch(arguments)) {
    return false;
  }
  const bool unchanged = HoldSnapshot().SameAs(snapshot_);
  open_->scan.Stop();
  return unchanged;
}

}  // namespace vecgraph
