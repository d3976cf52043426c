#include "graph/load.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/memory.h"
#include "base/value.h"
#include "graph/interner.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

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
    rows->src.push_back(rows->nodes.Add(src));
    rows->dst.push_back(rows->nodes.Add(dst));
    if (with_ids) rows->ids.Append(id);
    if (number % 65536 == 0 && 2 * rows->bytes() > most) return TooLarge(source);
  }
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
    place[order[i]] = i;
    graph->ids.Append(rows->nodes.values()[order[i]]);
    if (stop->After(4)) return stop->status();
  }
  graph->ids.ShrinkToFit();
  rows->nodes = Interner();
  for (std::vector<uint32_t>* ends : {&rows->src, &rows->dst}) {
    for (uint32_t& node : *ends) {
      node = place[node];
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
    const uint32_t row = before ? (*before)[i] : i;
    (*sorted)[next[key[row]]++] = row;
    if (stop->After(3)) return stop->status();
  }
  return Status::Ok();
}

// Orders runs of parallel edges by their ids.
Status OrderParallel(const Rows& rows, Stop* stop, std::vector<uint32_t>* sorted) {
  if (rows.ids.size() == 0) return Status::Ok();
  const auto same = [&](uint32_t a, uint32_t b) {
    return rows.src[a] == rows.src[b] && rows.dst[a] == rows.dst[b];
  };
  const auto before = [&](uint32_t a, uint32_t b) { return Compare(rows.ids[a], rows.ids[b]) < 0; };
  for (size_t i = 0; i < sorted->size();) {
    size_t end = i + 1;
    while (end < sorted->size() && same((*sorted)[i], (*sorted)[end])) ++end;
    const auto at = [&](size_t place) { return sorted->begin() + static_cast<ptrdiff_t>(place); };
    if (end - i > 1 && !std::is_sorted(at(i), at(end), before)) {
      std::stable_sort(at(i), at(end), before);
    }
    if (stop->After(2 * (end - i))) return stop->status();
    i = end;
  }
  return Status::Ok();
}

Status BuildRows(Rows* rows, Stop* stop, Graph* graph) {
  const size_t nodes = graph->ids.size();
  std::vector<uint32_t> by_dst;
  std::vector<uint32_t> sorted;
  Status status = SortRows(rows->dst, nullptr, nodes, stop, &graph->out.starts, &by_dst);
  if (status.ok()) {
    status = SortRows(rows->src, &by_dst, nodes, stop, &graph->out.starts, &sorted);
  }
  by_dst = {};
  if (status.ok()) status = OrderParallel(*rows, stop, &sorted);
  if (!status.ok()) return status;
  rows->src = {};
  graph->out.nodes.resize(sorted.size());
  graph->edge_ids.Reserve(rows->ids.size());
  for (size_t slot = 0; slot < sorted.size(); ++slot) {
    graph->out.nodes[slot] = rows->dst[sorted[slot]];
    if (rows->ids.size() > 0) graph->edge_ids.Append(rows->ids[sorted[slot]]);
    if (stop->After(4)) return stop->status();
  }
  graph->edge_ids.ShrinkToFit();
  if (!rows->weights.empty()) {
    graph->weights.resize(sorted.size());
    for (size_t slot = 0; slot < sorted.size(); ++slot) {
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
