#include "graph/walk.h"

#include <algorithm>
#include <utility>

namespace vecgraph {
namespace {

// Look-ups end at this share of the edges. An edge found in an index takes as long as one and a
// half to three that are loaded, so loading at once would have been faster by less than half; but
// what is loaded also serves the next calls.
constexpr int64_t kShare = 4;
// An edge of which the index has only a part is at some place of the table, and its page may have
// to be read from the file: 40 us where that is not in memory, the time of scanning a hundred.
constexpr int64_t kShareOfRows = 100;

}  // namespace

// Says whether to go on after kLeastTouched edges.
Status LookupWalk::Limit() {
  int64_t rows = 0;
  Status status = reader_->LargestRowid(&rows);
  const int64_t share = rows / (in_rows_ ? kShareOfRows : kShare);
  most_ = std::max(kLeastTouched, share - reader_->looked_up());
  limited_ = true;
  return status;
}

void LookupWalk::Finish() {
  leaving_ = {}, entering_ = {};
  if (limited_) reader_->AddLookedUp(touched());
}

// The statement for one way, prepared when it is first needed.
Status LookupWalk::Lookup(bool enters, Statement** statement) {
  *statement = enters ? &entering_ : &leaving_;
  if (**statement) return Status::Ok();
  const EdgeSource& source = reader_->source();
  Status status =
      (*statement)
          ->Prepare(reader_->db(), source.LookupSql(enters ? Direction::kIn : Direction::kOut));
  if (status.ok() && source.types_given) (*statement)->BindText(2, *reader_->request().types);
  return status;
}

// Looks for a row whose first column is `id`.
Status LookupWalk::Exists(Statement* statement, const ValueRef& id, uint32_t* node) {
  id.Bind(statement, 1);
  int rc;
  while ((rc = statement->Step()) == SQLITE_ROW) {
    const ValueRef found = ValueRef::Of(sqlite3_column_value(statement->get(), 0));
    if (Compare(found, id) != 0) continue;
    *node = nodes_.Add(found);
    break;
  }
  statement->Reset();
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) return Status::Ok();
  return DatabaseError(reader_->db(), rc, "reading " + reader_->source().label);
}

// Looks at one end of the edges, if there is an index.
Status LookupWalk::FindAt(bool enters, const ValueRef& id, uint32_t* node) {
  if (!reader_->source().IsIndexed(enters ? Direction::kIn : Direction::kOut)) return Status::Ok();
  Statement* statement = nullptr;
  Status status = Lookup(enters, &statement);
  return status.ok() ? Exists(statement, id, node) : std::move(status);
}

Status LookupWalk::Find(const ValueRef& id, uint32_t* node) {
  *node = kNoNode;
  const bool enters = direction_ == Direction::kIn;
  Status status = FindAt(enters, id, node);
  if (status.ok() && *node == kNoNode) status = reader_->NoticeIndexes();
  if (status.ok() && *node == kNoNode) status = FindAt(!enters, id, node);
  const NodeSource& nodes = reader_->node_source();
  if (status.ok() && *node == kNoNode && !nodes.id.empty()) {
    Statement listed;
    status = listed.Prepare(reader_->db(), nodes.LookupSql());
    if (status.ok()) status = Exists(&listed, id, node);
  }
  if (*node == kNoNode && !reader_->source().IsIndexed(Direction::kBoth)) gave_up_ = true;
  return status;
}

Status LookupWalk::Read(uint32_t node, bool enters) {
  Statement* lookup = nullptr;
  Status status = Lookup(enters, &lookup);
  if (!status.ok()) return status;
  Statement& statement = *lookup;
  const EdgeSource& source = reader_->source();
  const bool weighted = !source.weight.empty();
  in_rows_ |= (enters ? source.dst_index : source.src_index) == EdgeSource::Index::kPlaces;
  nodes_.values()[node].Bind(&statement, 1);
  int rc;
  bool first = true;
  while ((rc = statement.Step()) == SQLITE_ROW) {
    sqlite3_stmt* const row = statement.get();
    // The column may have converted what was bound: '1' is not 1. All rows have equal values there.
    if (std::exchange(first, false) &&
        Compare(ValueRef::Of(sqlite3_column_value(row, 0)), nodes_.values()[node]) != 0) {
      break;
    }
    const ValueRef other = ValueRef::Of(sqlite3_column_value(row, 1));
    if (other.is_null()) continue;
    const ValueRef edge_id = ValueRef::Of(sqlite3_column_value(row, 2));
    Found found{0, static_cast<uint32_t>(edge_ids_.size()), 1, enters};
    if (weighted) {
      bool skip = false;
      status = ReadWeight(reader_->source(), reader_->request().null_weight,
                          sqlite3_column_value(row, 3), edge_id, 0, &found.weight, &skip);
      if (!status.ok()) break;
      if (skip) continue;
    }
    found.node = nodes_.Add(other);
    if (enters && direction_ == Direction::kBoth && found.node == node) continue;
    edge_ids_.Append(edge_id);
    found_.push_back(found);
    if (touched() > most_ && !limited_) status = Limit();
    gave_up_ = touched() > most_;
    if (gave_up_ || !status.ok()) break;
  }
  statement.Reset();
  if (!status.ok() || rc == SQLITE_ROW || rc == SQLITE_DONE) return status;
  return DatabaseError(reader_->db(), rc, "reading " + reader_->source().label);
}

Status LookupWalk::Gather(Direction way, uint32_t node) {
  found_.clear();
  Status status;
  if (way != Direction::kIn) status = Read(node, false);
  if (status.ok() && way != Direction::kOut) status = Read(node, true);
  if (!status.ok() || gave_up_) return status;
  const auto before = [&](const Found& a, const Found& b) {
    if (a.node != b.node) return Before(a.node, b.node);
    if (a.enters != b.enters) return b.enters;
    const int order = Compare(edge_ids_[a.edge], edge_ids_[b.edge]);
    return order != 0 ? order < 0 : a.edge < b.edge;
  };
  // An index on both ends gives them in this order.
  if (!std::is_sorted(found_.begin(), found_.end(), before)) {
    std::sort(found_.begin(), found_.end(), before);
  }
  return status;
}

}  // namespace vecgraph
