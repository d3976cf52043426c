// db_stats   where the bytes are: a row per database, table and index
//
//   SELECT kind, name, rows, bytes, overflow FROM db_stats ORDER BY bytes DESC;
//
//   schema, kind, name   kind is database, table or index
//   table                of an index: whose it is
//   pages, bytes         what it takes in the file
//   overflow             pages of rows that do not fit into one
//   unused               bytes within its pages; of a database, those of its free pages
//   rows                 rows, or entries of an index
//   average_row          bytes
//   embedding_bytes      the vectors, in columns that IsEmbeddingColumn() names
//   problem              why a number is missing
//
// With dbstat in SQLite every page is read; without it only the numbers of the database, the rows
// and the embedding bytes are known, and vectors are not read. It never writes. Not INNOCUOUS,
// since it reads tables that its text does not name.
#include "health/stats.h"

#include "sqlapi/db_arguments.h"
#include "sqlapi/db_rows.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

struct StatsSpec {
  static constexpr const char* kSchema =
      "CREATE TABLE x(schema TEXT, kind TEXT, name TEXT, \"table\" TEXT, pages INTEGER, bytes "
      "INTEGER, overflow INTEGER, unused INTEGER, rows INTEGER, average_row INTEGER, "
      "embedding_bytes INTEGER, problem TEXT)";
  static constexpr int kColumns = 12;
  static constexpr size_t kArguments = 0;
  static constexpr double kCost = 1e6;

  static Status Fill(const EponymousTable& table, std::span<const Value>,
                     std::vector<CellRow>* rows) {
    std::vector<StatsRow> stats;
    Status status = ReadStats(table.db, &stats);
    if (!status.ok()) return Within("db_stats", status);
    for (const StatsRow& row : stats) {
      rows->push_back({row.schema, std::string(row.kind), row.name,
                       row.table.empty() ? Cell() : Cell(row.table), row.pages, row.bytes,
                       row.overflow, row.unused, row.rows, row.average_row, row.embedding_bytes,
                       row.problem});
    }
    return Status::Ok();
  }
};

}  // namespace

ModuleDef DbStatsModule() { return {"db_stats", RowsTable<StatsSpec>::Module(), false}; }

}  // namespace vecgraph
