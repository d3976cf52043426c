#include "graph/load.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/memory.h"
#include "base/value.h"
#include "graph/interner.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// Rows whose cells are fetched before they are needed.
constexpr size_t kAhead = 24;

// The edges in the order of the rows.
struct Rows {
  Interner nodes;
  std::vector<uint32_t> src;
  std::vector<uint32_t> dst;
  ValueList ids;
  std::vector<double> weights;

  int64_t bytes() const {
    return static_cast<int64_t>(sizeof(uint32_t) * (src.capacity() + dst.capacity()) +
                                sizeof(double) * weights.capacity()) +
           ids.bytes() + nodes.values().bytes();
  }
};

// Puts endpoints into `rows`, integers a few at a time.
class Endpoints {
 public:
  explicit Endpoints(Rows* rows) : rows_(rows) {}

  void Add(const ValueRef& src, const ValueRef& dst) {
    if (src.type == SQLITE_INTEGER && dst.type == SQLITE_INTEGER) {
      rows_->nodes.Expect(src.integer);
      rows_->nodes.Expect(dst.integer);
      waiting_[count_++] = {src.integer, dst.integer};
      if (count_ == waiting_.size()) Flush();
      return;
    }
    Flush();
    Put(src, dst);
  }
  void Flush() {
    for (size_t i = 0; i < count_; ++i) {
      Put(ValueRef::Integer(waiting_[i].first), ValueRef::Integer(waiting_[i].second));
    }
    count_ = 0;
  }

 private:
  void Put(const ValueRef& src, const ValueRef& dst) {
    rows_->src.push_back(rows_->nodes.Add(src));
    rows_->dst.push_back(rows_->nodes.Add(dst));
  }

  Rows* rows_;
  std::array<std::pair<int64_t, int64_t>, 32> waiting_;
  size_t count_ = 0;
};

Status TooLarge(const EdgeSource& source) {
  return Status::Code(SQLITE_NOMEM,
                      Format("the graph of %s does not fit into half of this machine's memory",
                             source.label.c_str()));
}

Status ReadEdges(sqlite3* db, const EdgeSource& source, const NullWeight& null_weight, Stepped scan,
                 Rows* rows, Graph* graph) {
  const int64_t most = MachineMemory() / 2;
  sqlite3_stmt* const statement = scan.statement->get();
  const bool with_ids = !source.edge_id.empty();
  const bool with_weights = !source.weight.empty();
  Endpoints endpoints(rows);
  int rc = scan.code;
  for (int64_t number = 1; rc == SQLITE_ROW; rc = scan.statement->Step(), ++number) {
    // One call for each column: others take and release the connection's mutex as well.
    const ValueRef src = ValueRef::Of(sqlite3_column_value(statement, 0));
    const ValueRef dst = ValueRef::Of(sqlite3_column_value(statement, 1));
    if (src.is_null() || dst.is_null()) {
      ++graph->skipped_null;
      continue;
    }
    ValueRef id;
    if (with_ids) id = ValueRef::Of(sqlite3_column_value(statement, 2));
    if (with_weights) {
      double weight = 1;
      bool skip = false;
      Status status = ReadWeight(source, null_weight, sqlite3_column_value(statement, 3), id,
                                 number, &weight, &skip);
      if (!status.ok()) return status;
      if (skip) {
        ++graph->skipped_weight;
        continue;
      }
      rows->weights.push_back(weight);
    }
    endpoints.Add(src, dst);
    if (with_ids) rows->ids.Append(id);
    if (number % 65536 == 0 && 2 * rows->bytes() > most) return TooLarge(source);
  }
  endpoints.Flush();
  if (rc != SQLITE_DONE) return DatabaseError(db, rc, "reading " + source.label);
  return rows->src.size() < Graph::kNone ? Status::Ok() : TooLarge(source);
}

// Adds the nodes of the node table; `*phantoms`: how many endpoints it does not have.
Status ReadNodes(sqlite3* db, Stepped scan, Interner* nodes, int64_t* phantoms) {
  const size_t endpoints = nodes->size();
  std::vector<bool> listed(endpoints);
  int rc = scan.code;
  for (; rc == SQLITE_ROW; rc = scan.statement->Step()) {
    const ValueRef id = ValueRef::Of(sqlite3_column_value(scan.statement->get(), 0));
    if (id.is_null()) continue;
    const uint32_t node = nodes->Add(id);
    if (node < endpoints) listed[node] = true;
  }
  *phantoms = std::count(listed.begin(), listed.end(), false);
  return rc == SQLITE_DONE ? Status::Ok() : DatabaseError(db, rc, "reading node_table");
}

// Gives the nodes their places in the order of the ids, in the edges as well.
Status OrderNodes(Stop* stop, Rows* rows, Graph* graph) {
  const std::vector<uint32_t> order = rows->nodes.Ordered();
  std::vector<uint32_t> place(order.size());
  graph->ids.Reserve(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    if (i + kAhead < order.size()) rows->nodes.values().Fetch(order[i + kAhead]);
    place[order[i]] = i;
    graph->ids.Append(rows->nodes.values()[order[i]]);
    if (stop->After(4)) return stop->status();
  }
  graph->ids.ShrinkToFit();
  rows->nodes = Interner();
  for (std::vector<uint32_t>* ends : {&rows->src, &rows->dst}) {
    for (size_t i = 0; i < ends->size(); ++i) {
      if (i + kAhead < ends->size()) __builtin_prefetch(&place[(*ends)[i + kAhead]]);
      (*ends)[i] = place[(*ends)[i]];
      if (stop->After(2)) return stop->status();
    }
  }
  return Status::Ok();
}

// The numbers of the rows, ordered by `key`; rows with the same one stay in their order, which is
// that of `before`.
Status SortRows(const std::vector<uint32_t>& key, const std::vector<uint32_t>* before, size_t nodes,
                Stop* stop, std::vector<uint32_t>* starts, std::vector<uint32_t>* sorted) {
  starts->assign(nodes + 1, 0);
  for (const uint32_t node : key) {
    ++(*starts)[node + size_t{1}];
    if (stop->After(1)) return stop->status();
  }
  for (size_t i = 0; i < nodes; ++i) (*starts)[i + 1] += (*starts)[i];
  std::vector<uint32_t> next(starts->begin(), starts->end() - 1);
  sorted->resize(key.size());
  for (uint32_t i = 0; i < key.size(); ++i) {
    if (before && i + kAhead < key.size()) __builtin_prefetch(&key[(*before)[i + kAhead]]);
    const uint32_t row = before ? (*before)[i] : i;
    (*sorted)[next[key[row]]++] = row;
    if (stop->After(3)) return stop->status();
  }
  return Status::Ok();
}

// Orders runs of parallel edges by their ids. REQUIRES: out.nodes is filled in the order `sorted`.
Status OrderParallel(const Adjacency& out, const ValueList& ids, Stop* stop,
                     std::vector<uint32_t>* sorted) {
  if (ids.size() == 0) return Status::Ok();
  const auto before = [&](uint32_t a, uint32_t b) { return Compare(ids[a], ids[b]) < 0; };
  const auto at = [&](uint32_t slot) { return sorted->begin() + static_cast<ptrdiff_t>(slot); };
  for (uint32_t u = 0; u + 1 < out.starts.size(); ++u) {
    for (uint32_t slot = out.begin(u); slot < out.end(u);) {
      uint32_t end = slot + 1;
      while (end < out.end(u) && out.nodes[end] == out.nodes[slot]) ++end;
      if (end - slot > 1 && !std::is_sorted(at(slot), at(end), before)) {
        std::stable_sort(at(slot), at(end), before);
      }
      slot = end;
    }
    if (stop->After(1 + uint64_t{2} * out.degree(u))) return stop->status();
  }
  return Status::Ok();
}

// Builds the lists of what leaves each node. Rows lie anywhere: their cells are fetched ahead.
Status BuildRows(Rows* rows, Stop* stop, Graph* graph) {
  const size_t nodes = graph->ids.size();
  Adjacency& out = graph->out;
  std::vector<uint32_t> by_dst;
  std::vector<uint32_t> sorted;
  Status status = SortRows(rows->dst, nullptr, nodes, stop, &out.starts, &by_dst);
  if (status.ok()) status = SortRows(rows->src, &by_dst, nodes, stop, &out.starts, &sorted);
  if (!status.ok()) return status;
  by_dst = {};
  rows->src = {};
  const size_t edges = sorted.size();
  out.nodes.resize(edges);
  for (size_t slot = 0; slot < edges; ++slot) {
    if (slot + kAhead < edges) __builtin_prefetch(&rows->dst[sorted[slot + kAhead]]);
    out.nodes[slot] = rows->dst[sorted[slot]];
    if (stop->After(2)) return stop->status();
  }
  rows->dst = {};
  status = OrderParallel(out, rows->ids, stop, &sorted);
  if (!status.ok()) return status;
  if (rows->ids.size() > 0) {
    graph->edge_ids.Reserve(edges);
    for (size_t slot = 0; slot < edges; ++slot) {
      if (slot + kAhead < edges) rows->ids.Fetch(sorted[slot + kAhead]);
      graph->edge_ids.Append(rows->ids[sorted[slot]]);
      if (stop->After(3)) return stop->status();
    }
    graph->edge_ids.ShrinkToFit();
  }
  if (!rows->weights.empty()) {
    graph->weights.resize(edges);
    for (size_t slot = 0; slot < edges; ++slot) {
      if (slot + kAhead < edges) __builtin_prefetch(&rows->weights[sorted[slot + kAhead]]);
      graph->weights[slot] = rows->weights[sorted[slot]];
      if (stop->After(2)) return stop->status();
    }
  }
  return status;
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

Status LoadGraph(sqlite3* db, const EdgeSource& source, const NullWeight& null_weight,
                 Stepped edges, Stepped nodes, const StopPoll& poll, Graph* graph) {
  const auto start = std::chrono::steady_clock::now();
  Stop stop(poll);
  Rows rows;
  Status status = ReadEdges(db, source, null_weight, edges, &rows, graph);
  if (status.ok() && nodes.statement) {
    status = ReadNodes(db, nodes, &rows.nodes, &graph->phantoms);
  }
  if (status.ok()) status = OrderNodes(&stop, &rows, graph);
  if (status.ok()) status = BuildRows(&rows, &stop, graph);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  graph->milliseconds = took.count();
  return status;
}

}  // namespace vecgraph
