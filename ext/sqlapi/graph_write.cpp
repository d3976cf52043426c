// graph_dot(source, target [, label [, attributes [, graph]]])             for Graphviz
// graph_mermaid(source, target [, label [, attributes [, graph]]])         for Markdown pages
// graph_graphml(source, target [, label [, attributes [, graph]]])         for other programs
// graph_node_link_json(source, target [, label [, attributes [, graph]]])  for networkx and D3
//
// Aggregates that write a graph down, an edge for each row, of any table or query:
//
//   SELECT graph_dot(source, target, type) FROM edges WHERE type = 'depends';
//   -- digraph {
//   --   "vim" -> "libc6" ["label"="depends"];
//   -- }
//
// ROWS. A row with a target is an edge. A row whose target is NULL is the node `source`, with a
// label and attributes of its own; a node that only edges name needs none. So nodes and edges come
// as one UNION ALL:
//
//   SELECT graph_graphml(source, target, label, attributes) FROM (
//     SELECT source, target, type AS label, json_object('weight', weight) AS attributes FROM edges
//     UNION ALL
//     SELECT id, NULL, title, json_object('year', year) FROM nodes
//   );
//
// A row without a source is left out. Equal rows of a node count once; rows that differ are an
// error. Parallel edges are all written. GROUP BY writes a graph for each group.
// LABEL is a text or number, or NULL. In GraphML and JSON it is an attribute named label.
// ATTRIBUTES is a JSON object: in DOT they say how things look (color, shape, penwidth), in GraphML
// and JSON they are data, with their types; Mermaid has none.
// GRAPH is a JSON object about the whole, the same in every row: "directed" (true), and attributes.
// For DOT those under "node" and "edge" are for all of these, as in {"rankdir": "LR", "node":
// {"shape": "box"}}; Mermaid takes rankdir.
// IDS are integers, reals or texts; JSON keeps the type, DOT and GraphML make texts of all, and so
// 1 beside '1' is an error there. A blob is an error: give hex(id).
//
// Nodes come in the order of their ids, edges by source, target, label: the text does not depend on
// the order of the rows. It may be as long as the connection allows (SQLITE_LIMIT_LENGTH).
// Threads: as the connection.
#include <array>
#include <memory>
#include <string>

#include "base/interrupt.h"
#include "base/value.h"
#include "graph/writing.h"
#include "sqlapi/guard.h"
#include "sqlapi/json_result.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

struct TextFormat {
  const char* name;
  Status (*write)(Writing* writing);
  bool is_json;
};

constexpr TextFormat kDot{"graph_dot", WriteDot, false};
constexpr TextFormat kMermaid{"graph_mermaid", WriteMermaid, false};
constexpr TextFormat kGraphml{"graph_graphml", WriteGraphml, false};
constexpr TextFormat kNodeLink{"graph_node_link_json", WriteNodeLink, true};

// What the rows of one group gave.
struct Group {
  explicit Group(sqlite3* db) : reader(db), poll([this, db] { return interrupt.PollOn(db); }) {}

  Listing listing;
  AttributeReader reader;
  InterruptPoll interrupt;
  const StopPoll poll;
  bool has_graph = false;
  std::string graph;  // the fifth argument
  int64_t rows = 0;
};

size_t MostBytes(sqlite3_context* ctx) {
  const int limit = sqlite3_limit(sqlite3_context_db_handle(ctx), SQLITE_LIMIT_LENGTH, -1);
  return static_cast<size_t>(limit);
}

// An argument that is no text or number where one is needed.
Status WrongArgument(const Group& group, const char* argument, const char* wanted,
                     sqlite3_value* value) {
  return Status::Error(Format("row %lld: %s must be %s, found %s",
                              static_cast<long long>(group.rows), argument, wanted,
                              TypeNameOf(sqlite3_value_type(value))));
}

Status ReadPlain(const Group& group, const char* argument, sqlite3_value* value, ValueRef* ref) {
  if (sqlite3_value_type(value) == SQLITE_BLOB) {
    const std::string wanted = Format("a number or text (for a blob give hex(%s))", argument);
    return WrongArgument(group, argument, wanted.c_str(), value);
  }
  *ref = ValueRef::Of(value);
  return Status::Ok();
}

Status ReadObject(const Group& group, const char* argument, sqlite3_value* value, ValueRef* ref) {
  const int type = sqlite3_value_type(value);
  if (type != SQLITE_TEXT && type != SQLITE_NULL) {
    return WrongArgument(group, argument, "a JSON object", value);
  }
  *ref = ValueRef::Of(value);
  return Status::Ok();
}

Status NoteGraph(Group* group, sqlite3_value* value) {
  ValueRef graph;
  Status status = ReadObject(*group, "graph", value, &graph);
  if (!status.ok()) return status;
  if (group->rows > 1 && (group->has_graph == graph.is_null() || group->graph != graph.bytes)) {
    return Status::Error(Format("row %lld: graph must be the same in every row",
                                static_cast<long long>(group->rows)));
  }
  group->has_graph = !graph.is_null();
  group->graph = graph.bytes;
  return status;
}

Status Visit(Group* group, int argc, sqlite3_value** argv, size_t most) {
  ++group->rows;
  ValueRef source;
  ValueRef target;
  ValueRef label;
  ValueRef attributes;
  Status status = ReadPlain(*group, "source", argv[0], &source);
  if (status.ok()) status = ReadPlain(*group, "target", argv[1], &target);
  if (status.ok() && argc > 2) status = ReadPlain(*group, "label", argv[2], &label);
  if (status.ok() && argc > 3) status = ReadObject(*group, "attributes", argv[3], &attributes);
  if (status.ok() && argc > 4) status = NoteGraph(group, argv[4]);
  if (!status.ok()) return status;
  bool is_new = false;
  status = group->listing.Add(source, target, label, attributes, group->poll, &is_new);
  if (!status.ok()) return status;
  if (is_new) {
    Attributes unused;
    status = group->reader.Read(attributes.bytes, &unused);
    if (!status.ok()) {
      return Within(Format("row %lld: attributes", static_cast<long long>(group->rows)), status);
    }
  }
  if (group->listing.least_bytes() <= most) return status;
  return Status::Code(SQLITE_TOOBIG, "string or blob too big");
}

// `directed` and the rest of the fifth argument.
Status ReadGraph(Group* group, Writing* writing) {
  if (!group->has_graph) return Status::Ok();
  Status status = group->reader.Read(group->graph, &writing->graph);
  if (!status.ok()) return Within("graph", status);
  Attributes& graph = writing->graph;
  for (auto attribute = graph.begin(); attribute != graph.end(); ++attribute) {
    if (attribute->name != "directed") continue;
    const bool is_flag = attribute->kind == Attribute::Kind::kBoolean ||
                         attribute->kind == Attribute::Kind::kInteger;
    if (!is_flag || attribute->integer < 0 || attribute->integer > 1) {
      return Status::Error("graph: directed must be true or false, found " + attribute->Json());
    }
    writing->directed = attribute->integer == 1;
    graph.erase(attribute);
    break;
  }
  return Status::Ok();
}

Status Write(sqlite3_context* ctx, const TextFormat& format, Group* group) {
  Status status = group->listing.Sort(group->poll);
  if (!status.ok()) return status;
  Writing writing(&group->listing, &group->reader, group->poll, MostBytes(ctx));
  status = ReadGraph(group, &writing);
  if (status.ok()) status = format.write(&writing);
  if (!status.ok()) return status;
  if (format.is_json) {
    ResultJson(ctx, writing.out);
  } else {
    sqlite3_result_text64(ctx, writing.out.data(), writing.out.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
  }
  return status;
}

template <const TextFormat& format>
void graph_write_step(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    auto** slot = static_cast<Group**>(sqlite3_aggregate_context(ctx, sizeof(Group*)));
    if (!slot) throw std::bad_alloc();
    if (!*slot) *slot = new Group(sqlite3_context_db_handle(ctx));
    Status status = Visit(*slot, argc, argv, MostBytes(ctx));
    if (status.ok()) return status;
    // Nothing is written after an error.
    delete *slot;
    *slot = nullptr;
    return Within(format.name, status);
  });
}

template <const TextFormat& format>
void graph_write_final(sqlite3_context* ctx) {
  auto** slot = static_cast<Group**>(sqlite3_aggregate_context(ctx, 0));
  std::unique_ptr<Group> group(slot ? *slot : nullptr);
  GuardFunction(ctx, [&] {
    if (!group) group = std::make_unique<Group>(sqlite3_context_db_handle(ctx));
    return Within(format.name, Write(ctx, format, group.get()));
  });
}

template <const TextFormat& format>
constexpr FunctionDef Aggregate(int args) {
  return {format.name,
          args,
          format.is_json ? kPureTagged : kPure,
          false,
          nullptr,
          graph_write_step<format>,
          graph_write_final<format>};
}

}  // namespace

std::span<const FunctionDef> GraphWriteFunctions() {
  static const std::array<FunctionDef, 16> kFunctions{{
      Aggregate<kDot>(2),
      Aggregate<kDot>(3),
      Aggregate<kDot>(4),
      Aggregate<kDot>(5),
      Aggregate<kMermaid>(2),
      Aggregate<kMermaid>(3),
      Aggregate<kMermaid>(4),
      Aggregate<kMermaid>(5),
      Aggregate<kGraphml>(2),
      Aggregate<kGraphml>(3),
      Aggregate<kGraphml>(4),
      Aggregate<kGraphml>(5),
      Aggregate<kNodeLink>(2),
      Aggregate<kNodeLink>(3),
      Aggregate<kNodeLink>(4),
      Aggregate<kNodeLink>(5),
  }};
  return kFunctions;
}

}  // namespace vecgraph
