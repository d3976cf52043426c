#include "graph/load.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/memory.h"
#include "base/value.h"
#include "graph/edge_rows.h"
#include "graph/row_feed.h"

namespace vecgraph {
namespace {

Status TooLarge(const EdgeSource& source) {
  return Status::Code(SQLITE_NOMEM,
                      Format("the graph of %s does not fit into half of this machine's memory",
                             source.label.c_str()));
}

// Takes the rows of EdgeSource::FeedSql().
class EdgeSink final : public RowSink {
 public:
  EdgeSink(const EdgeSource& source, const NullWeight& null_weight, EdgeRows* rows, Graph* graph)
      : source_(source), null_weight_(null_weight), rows_(rows), graph_(graph) {}

  Status Row(sqlite3_value** values) override {
    ++number_;
    const bool integers = sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
                          sqlite3_value_type(values[1]) == SQLITE_INTEGER;
    ValueRef src;
    ValueRef dst;
    if (!integers) {
      src = ValueRef::Of(values[0]);
      dst = ValueRef::Of(values[1]);
      if (src.is_null() || dst.is_null()) {
        ++graph_->skipped_null;
        return Status::Ok();
      }
    }
    if (with_weights_) {
      bool skip = false;
      Status status = TakeWeight(values, &skip);
      if (!status.ok() || skip) return status;
    }
    Status status =
        integers ? rows_->AddEnds(sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]))
                 : rows_->AddEnds(src, dst);
    if (!status.ok()) return status;
    if (with_ids_) {
      if (sqlite3_value_type(values[2]) == SQLITE_INTEGER) {
        rows_->ids.AppendInteger(sqlite3_value_int64(values[2]));
      } else {
        rows_->ids.Append(ValueRef::Of(values[2]));
      }
    }
    if (number_ % 65536 == 0 && rows_->bytes() > most_) return TooLarge(source_);
    return Status::Ok();
  }

 private:
  Status TakeWeight(sqlite3_value** values, bool* skip) {
    const ValueRef id = with_ids_ ? ValueRef::Of(values[2]) : ValueRef();
    double weight = 1;
    Status status = ReadWeight(source_, null_weight_, values[3], id, number_, &weight, skip);
    if (*skip) {
      ++graph_->skipped_weight;
    } else if (status.ok()) {
      rows_->weights.Append(weight);
    }
    return status;
  }

  const EdgeSource& source_;
  const NullWeight& null_weight_;
  EdgeRows* rows_;
  Graph* graph_;
  const int64_t most_ = MachineMemory() / 2;
  const bool with_ids_ = !source_.edge_id.empty();
  const bool with_weights_ = !source_.weight.empty();
  int64_t number_ = 0;  // of the row, from 1
};

class NodeSink final : public RowSink {
 public:
  explicit NodeSink(EdgeRows* rows) : rows_(rows) {}
  Status Row(sqlite3_value** values) override {
    const ValueRef id = ValueRef::Of(values[0]);
    return id.is_null() ? Status::Ok() : rows_->AddNode(id);
  }

 private:
  EdgeRows* rows_;
};

Status ReadEdges(sqlite3* db, const EdgeSource& source, const NullWeight& null_weight,
                 const std::string& types, int64_t largest_rowid, EdgeRows* rows, Graph* graph) {
  // Beyond that memory is taken as it is needed: rowids may be far apart.
  const int64_t most = std::min(int64_t{1} << 24, MachineMemory() / 1024);
  rows->Expect(static_cast<size_t>(std::clamp<int64_t>(largest_rowid, 0, most)),
               !source.weight.empty());
  Statement feed;
  Status status = feed.Prepare(db, source.FeedSql());
  if (!status.ok()) return status;
  if (source.types_given) feed.BindText(2, types);
  EdgeSink sink(source, null_weight, rows, graph);
  status = FeedRows(&feed, "reading " + source.label, &sink);
  return status.ok() && rows->size() >= Graph::kNone ? TooLarge(source) : std::move(status);
}

}  // namespace

Status ReadWeight(const EdgeSource& source, const NullWeight& null_weight, sqlite3_value* value,
                  const ValueRef& edge_id, int64_t number, double* weight, bool* skip) {
  const int type = sqlite3_value_type(value);
  *skip = false;
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
    *weight = sqlite3_value_double(value);
    if (*weight >= 0 && std::isfinite(*weight)) return Status::Ok();
  } else if (type == SQLITE_NULL && null_weight.policy != NullWeight::Policy::kError) {
    *weight = null_weight.value;
    *skip = null_weight.policy == NullWeight::Policy::kSkip;
    return Status::Ok();
  }
  const std::string found =
      type == SQLITE_NULL || type == SQLITE_BLOB ? TypeNameOf(type) : ValueRef::Of(value).Label();
  const std::string row = edge_id.is_null() ? Format("row %lld", static_cast<long long>(number))
                                            : "edge " + edge_id.Label();
  return Status::Error(Format(
      "weight_col: the weight of %s of %s is %s; %s", row.c_str(), source.label.c_str(),
      found.c_str(),
      type == SQLITE_NULL ? "null_weight = 'skip' leaves such edges out, a number stands for NULL"
                          : "a weight is a finite number of 0 or more"));
}

Status LoadGraph(sqlite3* db, const EdgeSource& source, const NodeSource& nodes,
                 const std::string& types, const NullWeight& null_weight, int64_t largest_rowid,
                 const StopPoll& poll, Graph* graph) {
  const auto start = std::chrono::steady_clock::now();
  EdgeRows rows(poll);
  Status status = ReadEdges(db, source, null_weight, types, largest_rowid, &rows, graph);
  if (status.ok() && !nodes.id.empty()) {
    Statement feed;
    status = feed.Prepare(db, nodes.FeedSql());
    NodeSink sink(&rows);
    if (status.ok()) status = FeedRows(&feed, "reading node_table", &sink);
  }
  if (status.ok()) status = rows.Finish(graph);
  if (nodes.id.empty()) graph->phantoms = 0;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  graph->milliseconds = took.count();
  return status;
}

}  // namespace vecgraph
