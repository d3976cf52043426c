// EdgeSource: where edges are read from, with its names looked up and its SQL written.
//
// A table, a view, or one read-only query. The endpoint columns are those that are named, else
// `source` and `target`, else `src` and `dst`, of a query its first two. The edge id is the rowid
// of a table unless a column is named; without either there is none.
// Threads: as the connection.
#pragma once

#include <optional>
#include <string>

#include "base/sqlite.h"
#include "base/status.h"
#include "graph/direction.h"

namespace vecgraph {

// What to do with an edge whose weight is NULL.
struct NullWeight {
  enum class Policy { kError, kSkip, kValue };

  Policy policy = Policy::kError;
  double value = 0;

  bool operator==(const NullWeight&) const = default;
};

// The edges as a call describes them. Empty names: the default.
struct EdgeRequest {
  std::string source;
  bool source_is_query = false;
  std::string src_col;
  std::string dst_col;
  std::string weight_col;  // empty: every edge weighs 1
  std::string type_col;
  std::string edge_id_col;
  std::string node_table;  // empty: the nodes are the endpoints
  bool node_table_is_query = false;
  std::string id_col;
  std::optional<std::string> types;  // a JSON array; only edges of these types
  NullWeight null_weight;

  bool operator==(const EdgeRequest&) const = default;
};

struct EdgeSource {
  bool is_plain = false;  // a table whose content a snapshot key covers
  std::string schema;     // of a table or view
  std::string label;      // for messages
  std::string with;       // "WITH ... ", before each SELECT
  std::string from;       // what follows FROM
  // SQL expressions; empty: there is none.
  std::string src;
  std::string dst;
  std::string weight;
  std::string type;
  std::string edge_id;
  std::string rowid;
  bool types_given = false;  // then ?2 of FeedSql() and LookupSql() is the JSON array
  bool src_indexed = false;
  bool dst_indexed = false;

  // Whether the edges of a node are found without reading all.
  bool IsIndexed(Direction direction) const {
    return (direction == Direction::kIn || src_indexed) &&
           (direction == Direction::kOut || dst_indexed);
  }

  // All edges: source, target, edge id or NULL, weight or NULL (graph/row_feed.h).
  std::string FeedSql() const;
  // Holds a read lock while its row is not left: the largest rowid, which is about how many edges
  // there are, or 1; NULL of an empty table. REQUIRES: is_plain.
  std::string HoldSql() const;
  // The edges of the node ?1: this end, the other end, edge id, weight, type; one way. The value of
  // this end may differ from ?1 where the column converts it: then the edge is another node's.
  std::string LookupSql(Direction way) const { return LinksSql(way, true); }
  // The same of all nodes.
  std::string AllLinksSql(Direction way) const { return LinksSql(way, false); }

 private:
  std::string LinksSql(Direction way, bool of_one) const;
};

// The nodes that exist whether or not an edge has them.
struct NodeSource {
  bool is_plain = false;
  std::string schema;
  std::string label;
  std::string with;
  std::string from;
  std::string id;  // its column; empty: there are no such nodes

  std::string FeedSql() const;
  std::string HoldSql() const;
  // The id that equals ?1.
  std::string LookupSql() const;
};

Status ResolveEdges(sqlite3* db, const EdgeRequest& request, EdgeSource* source);
// REQUIRES: request.node_table is not empty.
Status ResolveNodes(sqlite3* db, const EdgeRequest& request, NodeSource* source);

}  // namespace vecgraph
