// The graph in the tables nodes (id) and edges (source, target, type), where there are such.
#include <array>

#include "health/check.h"
#include "health/sample.h"

namespace vecgraph {
namespace {

constexpr int64_t kMostDegree = 50;
constexpr int64_t kFewNodes = 10;  // fewer have no density worth a word
constexpr double kLeastDensity = 0.01;
constexpr double kMostDensity = 0.1;
constexpr double kLeastDegree = 3;
constexpr double kHighDegree = 6;

struct Graph {
  const TableInfo* nodes;
  const TableInfo* edges;
  explicit operator bool() const { return nodes && edges; }
};

Graph GraphOf(const Examined& at) {
  return {at.Table("nodes", {"id"}), at.Table("edges", {"source", "target", "type"})};
}

// Whether an index begins with the column, so that rows are found without reading the table.
Status HasIndex(Examined* at, const TableInfo& table, const char* column, bool* has) {
  int64_t count = 0;
  Status status = ReadInt(at->db,
                          "SELECT count(*) FROM pragma_index_list(?1, ?2) AS l JOIN "
                          "pragma_index_info(l.name, ?2) AS i WHERE i.seqno = 0 AND i.name = ?3 "
                          "AND l.partial = 0",
                          {table.name, at->schema, column}, &count);
  *has = count > 0;
  return status;
}

std::string Sampled(int64_t count, int64_t rows) {
  return std::to_string(count) + " of " + std::to_string(rows) + " sampled edges";
}

// ---- orphan edges: both ends must be nodes
// --------------------------------------------------------

constexpr const char* kOrphanAdvice =
    "edges whose source or target is no node: delete them or add the nodes";

// Foreign keys on edges are the business of foreign_key_violations.
Status KeysSay(Examined* at, const TableInfo& edges, bool* say) {
  int64_t keys = 0;
  Status status = ReadInt(at->db,
                          "SELECT count(*) FROM pragma_foreign_key_list(?1, ?2) "
                          "WHERE lower(\"table\") = 'nodes'",
                          {edges.name, at->schema}, &keys);
  *say = keys >= 2;
  return status;
}

Status CheckOrphans(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  bool say = false;
  Status status = KeysSay(at, *graph.edges, &say);
  if (!status.ok() || say) return status;
  const std::string ids = "(SELECT id FROM " + graph.nodes->Quoted() + " WHERE id IS NOT NULL)";
  int64_t count = 0;
  status = ReadInt(at->db,
                   "SELECT count(*) FROM " + graph.edges->Quoted() + " WHERE source NOT IN " + ids +
                       " OR target NOT IN " + ids,
                   {}, &count);
  if (!status.ok()) return status;
  at->Add("graph_orphan_edges", count ? Level::kError : Level::kOk, count, int64_t{0},
          count ? kOrphanAdvice : "");
  return Status::Ok();
}

Status SampleOrphans(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  bool indexed = false;
  Status status = HasIndex(at, *graph.nodes, "id", &indexed);
  if (!status.ok() || !indexed) return status;
  const std::string ids = "(SELECT id FROM " + graph.nodes->Quoted() + ")";
  int64_t rows = 0;
  int64_t count = 0;
  status = SampleRows(at->db, *graph.edges, "source IN " + ids + " AND target IN " + ids, &rows,
                      [&](const Statement& row) { count += row.Int(1) == 0 ? 1 : 0; });
  if (!status.ok()) return status;
  at->Add("graph_orphan_edges", count ? Level::kError : Level::kOk, Sampled(count, rows),
          int64_t{0}, count ? kOrphanAdvice : "");
  return Status::Ok();
}

// ---- self loops
// -----------------------------------------------------------------------------------

constexpr const char* kLoopAdvice = "edges from a node to itself: most graph measures ignore them";

Status CheckLoops(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  int64_t count = 0;
  Status status =
      ReadInt(at->db, "SELECT count(*) FROM " + graph.edges->Quoted() + " WHERE source = target",
              {}, &count);
  if (!status.ok()) return status;
  at->Add("graph_self_loops", count ? Level::kWarn : Level::kOk, count, int64_t{0},
          count ? kLoopAdvice : "");
  return Status::Ok();
}

Status SampleLoops(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  int64_t rows = 0;
  int64_t count = 0;
  Status status = SampleRows(at->db, *graph.edges, "source = target", &rows,
                             [&](const Statement& row) { count += row.Int(1) != 0 ? 1 : 0; });
  if (!status.ok()) return status;
  at->Add("graph_self_loops", count ? Level::kWarn : Level::kOk, Sampled(count, rows), int64_t{0},
          count ? kLoopAdvice : "");
  return Status::Ok();
}

// ---- super nodes
// ----------------------------------------------------------------------------------

void AddSuperNodes(Examined* at, const std::string& names) {
  at->Add("graph_super_nodes", names.empty() ? Level::kOk : Level::kWarn,
          names.empty() ? std::string("none") : names, std::string("at most 50 edges"),
          names.empty() ? ""
                        : "nodes that are near to everything: walks through them say little; give "
                          "them finer types or leave them out of walks");
}

Status CheckSuperNodes(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  const std::string edges = graph.edges->Quoted();
  std::string names;
  Status status =
      ForEachRow(at->db,
                 "SELECT id, sum(n) FROM (SELECT source AS id, count(*) AS n FROM " + edges +
                     " GROUP BY source UNION ALL SELECT target, count(*) FROM " + edges +
                     " WHERE target <> source GROUP BY target) GROUP BY id HAVING sum(n) > " +
                     std::to_string(kMostDegree) + " ORDER BY sum(n) DESC, id LIMIT 5",
                 {}, [&](const Statement& row) {
                   names += (names.empty() ? "" : ", ") + row.Text(0) + ": " + row.Text(1);
                 });
  if (status.ok()) AddSuperNodes(at, names);
  return status;
}

// An edge chosen at random most likely belongs to a node with many.
Status SampleSuperNodes(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  for (const char* column : {"source", "target"}) {
    bool indexed = false;
    Status status = HasIndex(at, *graph.edges, column, &indexed);
    if (!status.ok() || !indexed) return status;
  }
  const std::string edges = graph.edges->Quoted();
  const std::string most = std::to_string(kMostDegree + 1);
  std::string names;
  const auto degree = [&](const char* end) {
    return std::string("(SELECT count(*) FROM (SELECT 1 FROM ") + edges + " WHERE source = e." +
           end + " LIMIT " + most + ")) + (SELECT count(*) FROM (SELECT 1 FROM " + edges +
           " WHERE target = e." + end + " AND source <> target LIMIT " + most + "))";
  };
  // The sampled table has no alias, so its row is looked up again as e.
  if (graph.edges->rowid.empty()) return Status::Ok();
  const std::string found =
      "(SELECT CASE WHEN " + degree("source") + " >= " + most + " THEN e.source WHEN " +
      degree("target") + " >= " + most + " THEN e.target END FROM " + edges + " AS e WHERE e." +
      graph.edges->rowid + " = " + graph.edges->Quoted() + "." + graph.edges->rowid + ")";
  int64_t rows = 0;
  std::vector<std::string> seen;
  Status status = SampleRows(at->db, *graph.edges, found, &rows, [&](const Statement& row) {
    const std::string id = row.Text(1);
    if (id.empty() || seen.size() >= 5) return;
    for (const std::string& other : seen) {
      if (other == id) return;
    }
    seen.push_back(id);
  });
  for (const std::string& id : seen) names += (names.empty() ? "" : ", ") + id;
  if (status.ok()) AddSuperNodes(at, names);
  return status;
}

// ---- edge types that differ by case
// ---------------------------------------------------------------

Status AddTypes(Examined* at, const std::string& types) {
  std::string names;
  Status status = ForEachRow(
      at->db,
      "SELECT group_concat(type, ' / ') FROM (SELECT DISTINCT type FROM (" + types +
          ") ORDER BY type) GROUP BY lower(type) HAVING count(*) > 1",
      {}, [&](const Statement& row) { names += (names.empty() ? "" : ", ") + row.Text(0); });
  if (!status.ok()) return status;
  at->Add("graph_edge_types", names.empty() ? Level::kOk : Level::kWarn,
          names.empty() ? std::string("distinct") : names, std::string("distinct"),
          names.empty() ? "" : "types that differ only by case are different types: UPDATE one");
  return Status::Ok();
}

Status CheckTypes(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  return AddTypes(at, "SELECT type FROM " + graph.edges->Quoted());
}

// From one type to the next by the index.
Status SampleTypes(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  bool indexed = false;
  Status status = HasIndex(at, *graph.edges, "type", &indexed);
  if (!status.ok() || !indexed) return status;
  const std::string edges = graph.edges->Quoted();
  return AddTypes(at,
                  "WITH RECURSIVE t(type) AS (SELECT min(type) FROM " + edges +
                      " UNION ALL SELECT (SELECT min(type) FROM " + edges +
                      " AS e WHERE e.type > t.type) FROM t WHERE t.type IS NOT NULL LIMIT 1000) "
                      "SELECT type FROM t WHERE type IS NOT NULL");
}

// ---- density
// --------------------------------------------------------------------------------------

Status CheckDensity(Examined* at) {
  const Graph graph = GraphOf(*at);
  if (!graph) return Status::Ok();
  int64_t nodes = 0;
  int64_t edges = 0;
  Status status = ReadInt(at->db, "SELECT count(*) FROM " + graph.nodes->Quoted(), {}, &nodes);
  if (status.ok()) {
    status = ReadInt(at->db, "SELECT count(*) FROM " + graph.edges->Quoted(), {}, &edges);
  }
  if (!status.ok() || nodes < kFewNodes) return status;
  const auto n = static_cast<double>(nodes);
  const auto e = static_cast<double>(edges);
  const double density = e / (n * (n - 1));
  const double degree = 2 * e / n;
  const auto level = [](bool good) { return good ? Level::kOk : Level::kInfo; };
  const bool dense = density >= kLeastDensity && density <= kMostDensity;
  at->Add("graph_density", level(dense), density, std::string("0.01 to 0.1"),
          dense ? "" : "edges for each pair of nodes; large graphs are below");
  const bool linked = degree >= kLeastDegree && degree <= kHighDegree;
  at->Add("graph_degree", level(linked), degree, std::string("3 to 6"),
          linked ? "" : "edges that touch a node, on the average");
  return Status::Ok();
}

Status CheckQuarantine(Examined* at) {
  const TableInfo* table = at->Table("edges_quarantine", {"source", "target", "reason"});
  if (!table) return Status::Ok();
  int64_t rows = 0;
  Status status = EstimateRows(at->db, *table, &rows);
  if (!status.ok()) return status;
  at->Add("edges_quarantine", rows > 0 ? Level::kInfo : Level::kOk, rows, int64_t{0},
          rows > 0 ? "edges that a migration took out, with the reason: add their nodes and insert "
                     "them again, or delete them"
                   : "");
  return Status::Ok();
}

}  // namespace

std::span<const Check> GraphChecks() {
  static constexpr std::array kChecks{
      Check{"graph_orphan_edges", Scope::kWhole, CheckOrphans, SampleOrphans},
      Check{"graph_self_loops", Scope::kWhole, CheckLoops, SampleLoops},
      Check{"graph_super_nodes", Scope::kWhole, CheckSuperNodes, SampleSuperNodes},
      Check{"graph_edge_types", Scope::kWhole, CheckTypes, SampleTypes},
      Check{"graph_density", Scope::kWhole, CheckDensity},
      Check{"edges_quarantine", Scope::kRead, CheckQuarantine},
  };
  return kChecks;
}

}  // namespace vecgraph
