#include "sqlapi/join_run.h"

#include <algorithm>
#include <utility>

namespace vecgraph {
namespace {

constexpr size_t kMostQueries = 512;             // of a block
constexpr int64_t kMostHits = 500'000;           // of a block: to free more takes too long
constexpr size_t kMostBytes = size_t{64} << 20;  // of the vectors of a block

// Whether a statement that writes is running on this connection.
bool Writes(sqlite3* db) {
  for (sqlite3_stmt* s = sqlite3_next_stmt(db, nullptr); s; s = sqlite3_next_stmt(db, s)) {
    if (sqlite3_stmt_busy(s) && !sqlite3_stmt_readonly(s)) return true;
  }
  return false;
}

// The same error with the place before it.
Status Place(const std::string& place, const Status& status) {
  return Status::Code(status.code(), place + ": " + status.message());
}

}  // namespace

JoinRun::JoinRun(Connection* connection, JoinArguments arguments, bool with_left_id, bool with_id)
    : connection_(connection),
      arguments_(std::move(arguments)),
      with_left_id_(with_left_id),
      with_id_(with_id) {}

Status JoinRun::Start() {
  Status status = OpenSources();
  if (!status.ok()) return status;
  whole_ = Writes(connection_->db);
  left_scan_.Start();
  do {
    status = NextBlock();
  } while (status.ok() && whole_ && !left_done_);
  return status.ok() ? SkipEmpty() : std::move(status);
}

Status JoinRun::OpenSources() {
  sqlite3* const db = connection_->db;
  const auto& [text, is_query] = arguments_.left;
  Status status = is_query ? ResolveQuery(db, text, arguments_.left_column, &left_source_)
                           : ResolveTable(db, text, arguments_.left_column, &left_source_);
  if (!status.ok()) return Place("left_source", status);
  status = arguments_.right.is_query
               ? ResolveQuery(db, arguments_.right.text, arguments_.right_column, &right_.source)
               : connection_->cache.Open(db, arguments_.right.text, arguments_.right_column,
                                         &right_.table, &right_.source);
  if (!status.ok()) return Place("right_source", status);
  return left_scan_.Open(db, left_source_, with_left_id_);
}

Status JoinRun::Next() {
  ++hit_at_;
  return SkipEmpty();
}

// Goes to the next hit from here on, through as many blocks as it takes.
Status JoinRun::SkipEmpty() {
  for (;;) {
    for (; left_at_ < left_.size(); ++left_at_, hit_at_ = 0) {
      LeftRow& row = left_[left_at_];
      if (hit_at_ < row.answer.hits.size()) return Status::Ok();
      if (!whole_) row = LeftRow();
    }
    if (!failure_.ok()) return std::exchange(failure_, Status::Ok());
    if (left_done_) return Status::Ok();
    Status status = NextBlock();
    if (!status.ok()) return status;
  }
}

// How many left rows to search for at once: their hits and vectors must fit the memory.
size_t JoinRun::BlockSize() {
  const size_t wanted = whole_ ? kMostQueries : std::exchange(next_block_, kMostQueries);
  // The full ranking of a source of unknown size: one row tells how much that is.
  if (right_rows_ < 0 && arguments_.k > kMostHits) return 1;
  const int64_t rows = right_rows_ >= 0 ? right_rows_ : arguments_.k;
  const int64_t hits = std::max<int64_t>(std::min(arguments_.k, rows), 1);
  return std::min(wanted, static_cast<size_t>(std::max<int64_t>(kMostHits / hits, 1)));
}

// Replaces the rows by the next block, or adds it to them if the whole join is wanted.
Status JoinRun::NextBlock() {
  std::vector<LeftRow> block;
  Status status = ReadLeft(BlockSize(), &block);
  if (status.ok()) status = Search(&block);
  if (!status.ok()) {
    left_scan_.Stop();
    left_done_ = true;
    return status;
  }
  if (!failure_.ok()) {
    left_scan_.Stop();
    left_done_ = true;
  }
  if (whole_) {
    std::move(block.begin(), block.end(), std::back_inserter(left_));
    return status;
  }
  left_ = std::move(block);
  left_at_ = 0;
  hit_at_ = 0;
  return status;
}

// Reads up to so many rows that have a vector; an error of a row becomes failure_.
Status JoinRun::ReadLeft(size_t most, std::vector<LeftRow>* block) {
  size_t bytes = 0;
  while (block->size() < most && bytes < kMostBytes) {
    const int rc = left_scan_.Next();
    if (rc == SQLITE_DONE) {
      left_scan_.Stop();
      left_done_ = true;
      return Status::Ok();
    }
    if (rc != SQLITE_ROW) {
      return DatabaseError(connection_->db, rc, "reading " + left_source_.Label());
    }
    sqlite3_value* const value = left_scan_.vector();
    if (sqlite3_value_type(value) == SQLITE_NULL) continue;
    LeftRow row;
    row.rowid = left_scan_.rowid();
    Status status = ReadVector(value, &row.vector);
    if (!status.ok()) {
      failure_ = NameLeft(row.rowid, status);
      return Status::Ok();
    }
    if (with_left_id_ && left_scan_.id()) row.id = Value(left_scan_.id());
    bytes += row.vector.data.size();
    block->push_back(std::move(row));
  }
  return Status::Ok();
}

Status JoinRun::ReadVector(sqlite3_value* value, Vector* vector) const {
  ElementType type;
  Status status = TypeOfQuery(value, arguments_.element, arguments_.metric, &type);
  VectorArg read;
  if (status.ok()) status = DecodeVector(value, type, Finite::kCheck, &read);
  if (!status.ok()) return status;
  vector->type = type;
  vector->data.assign(read.view.data, read.view.data + read.view.bytes());
  return status;
}

// Finds the hits of a block. The rows from the first that has an error on are dropped.
Status JoinRun::Search(std::vector<LeftRow>* block) {
  if (block->empty() || arguments_.k == 0) return Status::Ok();
  const Candidates all;
  std::vector<SearchRequest> requests;
  for (const LeftRow& row : *block) {
    SearchRequest request;
    request.source = &right_.source;
    request.query = row.vector.view();
    request.metric = arguments_.metric;
    request.limit = arguments_.k;
    request.min_score = arguments_.min_score;
    request.strict = arguments_.strict;
    request.with_id = with_id_;
    request.candidates = &all;
    requests.push_back(request);
  }
  // A map for each block: where rows have no rowid, another pass may number them otherwise.
  const auto ids = std::make_shared<IdMap>();
  std::vector<Answer> answers;
  Status status =
      SearchMany({connection_->db, *connection_->kernel, connection_->threads, &connection_->cache},
                 &right_, requests, &answers, ids.get(), &connection_->last_scan);
  if (!status.ok()) return status;
  right_rows_ = connection_->last_scan.rows;
  for (size_t i = 0; i < block->size(); ++i) {
    LeftRow& row = (*block)[i];
    if (!answers[i].failure.ok()) {
      failure_ = NameLeft(row.rowid, answers[i].failure);
      block->resize(i);
      break;
    }
    row.answer = std::move(answers[i]);
    row.ids = ids;
    row.vector = Vector();
  }
  return status;
}

Status JoinRun::NameLeft(int64_t rowid, const Status& status) const {
  return Place(
      Format("%s: %s %lld", left_source_.Label().c_str(),
             left_source_.has_rowid() ? "rowid" : "row number", static_cast<long long>(rowid)),
      status);
}

}  // namespace vecgraph
