// EdgeSource: where edges are read from, with its names looked up and its SQL written.
//
// A table, a view, or one read-only query. The endpoint columns are those that are named, else
// `source` and `target`, else `src` and `dst`, of a query its first two. The edge id is the rowid
// of a table unless a column is named; without either there is none.
// Threads: as the connection.
#pragma once

#include <algorithm>
#include <cstdint>
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
  // Along which edges will be looked up: other indexes may go unnoticed, as each takes time to
  // read.
  Direction direction = Direction::kBoth;

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
  // How the edges of a node are found that has them at this end.
  enum class Index : uint8_t {
    kNone,     // all are read
    kPlaces,   // an index says where they are, the rest is in the rows of the table
    kComplete  // an index has all that LookupSql() reads
  };
  Index src_index = Index::kNone;
  Index dst_index = Index::kNone;

  // What both ends have that the direction asks for.
  Index IndexOf(Direction direction) const {
    if (direction == Direction::kBoth) return std::min(src_index, dst_index);
    return direction == Direction::kOut ? src_index : dst_index;
  }
  // Whether the edges of a node are found without reading all.
  bool IsIndexed(Direction direction) const { return IndexOf(direction) != Index::kNone; }

  // All edges: source, target, edge id or NULL, weight or NULL (graph/row_feed.h).
  std::string FeedSql() const;
  // Holds a read lock while its row is not left, without reading the table. REQUIRES: is_plain.
  std::string HoldSql() const;
  // The largest rowid, which is about how many edges there are. REQUIRES: there are rowids.
  std::string LargestRowidSql() const;
  // The edges of the node ?1: this end, the other end, edge id, and the weight if there is one; one
  // way. The value of this end may differ from ?1 where the column converts it: then the edge is
  // another node's.
  std::string LookupSql(Direction way) const;
  // The same of one node or of all, with weight or NULL, and type.
  std::string LinksSql(Direction way, bool of_one) const;

 private:
  std::string EdgesSql(Direction way, bool of_one, const std::string& more) const;
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
