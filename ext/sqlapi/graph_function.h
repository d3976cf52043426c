// GraphFunction: a table function over edges, and the virtual table that all of them are.
//
// A function says what its columns and arguments are called and how it makes its rows; planning,
// reading of arguments and errors are the same for all. Everything happens in xFilter: when it
// returns, no statement is left in the middle and nothing is locked.
//
// A call on the inner side of a join runs for each outer row. An equal one takes the rows of the
// one before, if both belong to the same statement and the graph is in memory and unchanged.
//
// THE PLAN is the string of argument_plan.h; "NAME in" stands for an IN that is taken whole
// (SQLite 3.38), for the arguments that are sets of nodes. Any other IN, and each before 3.38,
// makes one call per value. "NAME <=" is a bound of the statement on a column, "LIMIT" its LIMIT:
// they let the function make fewer rows, and SQLite applies them as well.
// Threads: as the connection.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/value.h"
#include "graph/edge_reader.h"
#include "graph/stop.h"
#include "graph/walk.h"
#include "sqlapi/connection.h"
#include "sqlapi/registry.h"

namespace vecgraph {

// The result of one call.
class GraphRows {
 public:
  GraphRows() = default;
  GraphRows(const GraphRows&) = delete;
  GraphRows& operator=(const GraphRows&) = delete;
  virtual ~GraphRows() = default;
  virtual size_t size() const = 0;
  virtual void Column(sqlite3_context* ctx, size_t row, int column) const = 0;
};

// The result with what it was made from.
struct GraphResult {
  std::string key;  // the arguments
  std::shared_ptr<const GraphRows> rows;
  std::shared_ptr<const Graph> graph;  // null: it depends on more than a graph in memory
  GraphReport report;
};

// Nodes that a call starts from.
struct Start {
  ValueList ids;
  std::vector<double> weights;
  std::vector<bool> keys;  // a key of a JSON object: '7' may mean the integer 7
};

class GraphCall;

// Rows in which this column is at most x are among those that the function makes if this argument
// is at most x.
struct GraphBound {
  int column;
  const char* argument;
};

struct GraphFunction {
  const char* name;
  const char* usage;    // "graph_bfs(edge_table, start [, ...])"
  const char* columns;  // the visible ones, as CREATE TABLE has them
  int visible;          // how many
  std::span<const char* const> arguments;
  int required;  // so many of them must be given
  // The rows come by this column, ascending, or by that one, descending; -1: in no order.
  int ascending;
  int descending;
  double rows;  // how many are expected
  Status (*run)(GraphCall* call);
  // All the columns by which the rows come, each ascending; empty: `ascending` alone.
  std::span<const int> order = {};
  std::span<const GraphBound> bounds = {};
  bool takes_limit = false;  // asks for wanted()
};

// One call: its arguments, and where its rows go. The sentences of errors get the function's name
// from the caller.
class GraphCall {
 public:
  GraphCall(Connection* connection, const GraphFunction* function)
      : connection_(connection),
        function_(function),
        values_(function->arguments.size()),
        bounds_(function->arguments.size(), std::numeric_limits<double>::infinity()) {}

  Connection* connection() const { return connection_; }
  sqlite3* db() const { return connection_->db; }

  // The value of an argument; null if it is not given or NULL.
  sqlite3_value* Given(const char* argument) const;

  // Each leaves its result as it is if the argument is not given. Of a number the statement may ask
  // for less than the argument says (GraphBound).
  Status Text(const char* argument, std::string* text) const;
  Status Count(const char* argument, uint64_t* count) const;
  Status Real(const char* argument, double least, double below, double* number) const;
  Status Flag(const char* argument, bool* flag) const;
  // The place of the given word in `words`.
  Status Choice(const char* argument, std::span<const char* const> words, int* choice) const;
  Status ReadDirection(Direction* direction) const;
  // Only so many rows will be used, the first ones.
  uint64_t wanted() const { return wanted_; }
  // One id, a JSON array of ids or of {"id":, "weight":}, a JSON object {id: weight}, or the right
  // side of an IN.
  Status ReadStart(const char* argument, Start* start) const;
  // The nodes of node_in that the graph has, ascending; all if it is not given.
  Status ReadNodeIn(const std::shared_ptr<const Graph>& graph, const StopPoll& poll,
                    std::vector<uint32_t>* nodes) const;
  // edge_table and what says how it is read: src_col, dst_col, types and so on.
  Status ReadRequest(EdgeRequest* request) const;

  // Opens the reader on what ReadRequest() says, for look-ups along `direction`.
  Status Open(EdgeReader* reader, Direction direction = Direction::kBoth) const;
  // The whole graph; with simple = 1 without parallel edges and self-loops (graph/simple.h), where
  // for a direction of both an edge and one the other way are parallel.
  Status Load(EdgeReader* reader, std::shared_ptr<const Graph>* graph,
              Direction direction = Direction::kOut) const;
  // Runs `run`, which takes a pointer to a walk and makes the result anew each time: by look-ups
  // while they are worth it, else on the graph. What it returns when the walk gave up does not
  // count. REQUIRES: the reader is open.
  template <class Run>
  Status Walk(EdgeReader* reader, Direction direction, Run&& run,
              std::shared_ptr<const WalkIds>* ids, bool may_look_up = true) const;

  // For a function of rows from the nodes of `start`: `run` takes a walk, their numbers, the poll
  // and the `rows` of a new Rows, which gets the `ids` as well and is the result.
  template <class Rows, class Run>
  Status WalkFromStart(Direction direction, Run&& run);

  // Says that the rows depend on more than the arguments and the edges.
  void NotRepeatable() { graph_ = nullptr; }

  void Report(const char* reader, int64_t edges, double missing = 0) const {
    connection_->last_graph = {function_->name, reader, edges, missing, {}, false};
  }
  // Whether a function that goes on until nothing changes came so far.
  void ReportConverged(bool converged) const { connection_->last_graph.converged = converged; }
  // After the reader's report: whether a cap left out rows.
  void ReportCut(bool cut) const { connection_->last_graph.cut = cut; }

  std::unique_ptr<GraphRows> rows;  // the result

 private:
  friend Status FilterGraph(struct GraphCursor* cursor, const char* plan, sqlite3_value** argv);

  int PlaceOf(std::string_view argument) const;
  // With all edges, also if `simple` is given: a walk leaves them out itself, and shows edge ids.
  Status LoadAll(EdgeReader* reader, std::shared_ptr<const Graph>* graph) const;
  Status ReadIn(sqlite3_value* list);
  void ReadBound(int place, sqlite3_value* value);
  Status ReadJsonStart(const char* argument, std::string_view json, Start* start) const;
  Status ReadTable(const char* argument, std::string* text, bool* is_query) const;
  Status MakeKey(std::string* key) const;
  std::shared_ptr<const GraphResult> Result(std::string key);
  bool IsValid(const GraphResult& result);

  Connection* connection_;
  const GraphFunction* function_;
  std::vector<sqlite3_value*> values_;  // null: not given
  std::vector<double> bounds_;          // of each argument, by the statement
  uint64_t wanted_ = UINT64_MAX;
  mutable std::shared_ptr<const Graph> graph_;  // that Load() gave
  int in_ = -1;                                 // the argument that an IN gave
  ValueList in_values_;
};

template <class Run>
Status GraphCall::Walk(EdgeReader* reader, Direction direction, Run&& run,
                       std::shared_ptr<const WalkIds>* ids, bool may_look_up) const {
  const EdgeSource& source = reader->source();
  if (may_look_up && !reader->cached() && source.is_plain && source.IsIndexed(direction)) {
    auto walk = std::make_shared<LookupWalk>(reader, direction);
    Status status = run(walk.get());
    walk->Finish();
    if (!walk->gave_up()) {
      if (!status.ok()) return status;
      Report("lookup", walk->touched());
      *ids = std::move(walk);
      return status;
    }
  }
  std::shared_ptr<const Graph> graph;
  Status status = LoadAll(reader, &graph);
  if (!status.ok()) return status;
  auto walk = std::make_shared<GraphWalk>(std::move(graph), direction);
  status = walk->Open(reader->poll());
  if (status.ok()) status = run(walk.get());
  *ids = std::move(walk);
  return status;
}

// A key that is the text of an integer, as that integer.
bool ReadIntegerKey(std::string_view key, int64_t* integer);

// The numbers of the nodes of `start` that exist, distinct, in the order in which they are given;
// `weights`, if wanted, are summed by node. Interrupted: an error.
template <class AnyWalk>
Status FindStart(const Start& start, AnyWalk* walk, const StopPoll& poll,
                 std::vector<uint32_t>* nodes, std::vector<double>* weights = nullptr) {
  nodes->clear();
  if (weights) weights->clear();
  Interner distinct;  // of node numbers
  Stop stop(poll);
  for (size_t i = 0; i < start.ids.size(); ++i) {
    if (stop.After(32)) return stop.status();
    const ValueRef id = start.ids[i];
    uint32_t node = kNoNode;
    Status status = walk->Find(id, &node);
    int64_t integer = 0;
    if (status.ok() && node == kNoNode && start.keys[i] && ReadIntegerKey(id.bytes, &integer)) {
      status = walk->Find(ValueRef::Integer(integer), &node);
    }
    if (!status.ok() || walk->gave_up()) return status;
    if (node == kNoNode) continue;
    uint32_t place = 0;
    status = distinct.Add(ValueRef::Integer(node), poll, &place);
    if (!status.ok()) return status;
    if (place == nodes->size()) {
      nodes->push_back(node);
      if (weights) weights->push_back(0);
    }
    if (weights) (*weights)[place] += start.weights[i];
  }
  return Status::Ok();
}

template <class Rows, class Run>
Status GraphCall::WalkFromStart(Direction direction, Run&& run) {
  Start start;
  Status status = ReadStart("start", &start);
  EdgeReader reader(db(), &connection_->graphs);
  if (status.ok()) status = Open(&reader, direction);
  if (!status.ok()) return status;
  auto made = std::make_unique<Rows>();
  status = Walk(
      &reader, direction,
      [&](auto* walk) {
        made->rows.clear();
        std::vector<uint32_t> nodes;
        Status found = FindStart(start, walk, reader.poll(), &nodes);
        if (!found.ok() || walk->gave_up()) return found;
        return run(walk, std::move(nodes), reader.poll(), &made->rows);
      },
      &made->ids);
  rows = std::move(made);
  return status;
}

using GraphConnect = int (*)(sqlite3*, void*, int, const char* const*, sqlite3_vtab**, char**);
int ConnectGraph(const GraphFunction& function, sqlite3* db, void* user, sqlite3_vtab** out);
sqlite3_module GraphModuleOf(GraphConnect connect);

// The module of a function; its xConnect is the only callback that knows which it is.
template <const GraphFunction& function>
ModuleDef GraphModule() {
  static const sqlite3_module kModule =
      GraphModuleOf([](sqlite3* db, void* user, int, const char* const*, sqlite3_vtab** out,
                       char**) { return ConnectGraph(function, db, user, out); });
  return {function.name, &kModule, false};
}

}  // namespace vecgraph
