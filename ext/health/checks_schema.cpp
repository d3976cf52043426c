// Keys, indexes and statistics.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "base/name.h"
#include "health/check.h"
#include "health/sample.h"

namespace vecgraph {
namespace {

constexpr int64_t kSmallTable = 1000;  // rows that need no statistics
constexpr int64_t kDrift = 10;         // times more or fewer rows than the statistics say

std::string Join(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::string joined;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) joined += (i ? ", " : "") + names[i];
  if (names.size() > kShown) joined += " and " + std::to_string(names.size() - kShown) + " more";
  return joined;
}

// A row that names what was found, or says that there is none.
void AddNames(Examined* at, const char* check, Level level, const std::vector<std::string>& names,
              const char* advice) {
  if (names.empty()) {
    at->Add(check, Level::kOk, std::string("none"), std::string("none"));
  } else {
    at->Add(check, level, Join(names), std::string("none"), advice);
  }
}

Status CheckPrimaryKeys(Examined* at) {
  std::vector<std::string> with_vectors;
  std::vector<std::string> others;
  for (const TableInfo& table : at->tables) {
    if (table.has_primary_key) continue;
    (table.embeddings.empty() ? others : with_vectors).push_back(table.name);
  }
  if (!with_vectors.empty()) {
    AddNames(at, "primary_keys", Level::kWarn, with_vectors,
             "tables of vectors without a PRIMARY KEY: VACUUM may give their rows other rowids");
  } else {
    AddNames(at, "primary_keys", Level::kInfo, others, "tables without a PRIMARY KEY");
  }
  return Status::Ok();
}

Status CheckForeignKeyIndexes(Examined* at) {
  // The prefix is compared by substr: in a LIKE, the _ of a name would match anything.
  const std::string sql =
      "WITH fk AS (SELECT m.name AS tbl, f.id AS fid, group_concat(f.\"from\", ',') AS cols "
      "  FROM " +
      at->Master() +
      " AS m JOIN pragma_foreign_key_list(m.name, ?1) AS f "
      "  WHERE m.type = 'table' GROUP BY 1, 2), "
      "ix AS (SELECT m.name AS tbl, (SELECT group_concat(name, ',') FROM "
      "    (SELECT name FROM pragma_index_info(l.name, ?1) ORDER BY seqno)) AS cols "
      "  FROM " +
      at->Master() +
      " AS m JOIN pragma_index_list(m.name, ?1) AS l WHERE m.type = 'table' AND l.partial = 0 "
      "  UNION ALL SELECT m.name, t.name FROM " +
      at->Master() +
      " AS m JOIN pragma_table_info(m.name, ?1) AS t WHERE m.type = 'table' AND t.pk = 1 AND "
      "    (SELECT count(*) FROM pragma_table_info(m.name, ?1) WHERE pk > 0) = 1) "
      "SELECT fk.tbl || '(' || fk.cols || ')' FROM fk WHERE NOT EXISTS (SELECT 1 FROM ix "
      "  WHERE ix.tbl = fk.tbl AND (ix.cols = fk.cols "
      "    OR substr(ix.cols, 1, length(fk.cols) + 1) = fk.cols || ','))";
  std::vector<std::string> missing;
  Status status = ForEachRow(at->db, sql, {at->schema},
                             [&](const Statement& row) { missing.push_back(row.Text(0)); });
  if (!status.ok()) return status;
  AddNames(at, "foreign_key_indexes", Level::kWarn, missing,
           "without an index, a delete in the parent reads the whole child: CREATE INDEX on these "
           "columns");
  return Status::Ok();
}

Status CheckForeignKeys(Examined* at) {
  std::map<std::string, int64_t> violations;
  Status status =
      ForEachRow(at->db, "PRAGMA " + QuoteName(at->schema) + ".foreign_key_check", {},
                 [&](const Statement& row) { ++violations[row.Text(0) + " -> " + row.Text(2)]; });
  if (!status.ok()) return status;
  std::vector<std::string> names;
  names.reserve(violations.size());
  for (const auto& [name, count] : violations) {
    names.push_back(name + ": " + std::to_string(count));
  }
  AddNames(at, "foreign_key_violations", Level::kError, names,
           "rows whose parent is missing: PRAGMA foreign_key_check lists them; add the parents or "
           "delete the rows");
  return Status::Ok();
}

struct IndexInfo {
  std::string name;
  bool unique = false;
  bool plain = true;                 // no WHERE, no expressions
  std::vector<std::string> columns;  // with order and collation
  std::string text;                  // of others: what follows the name of the table
};

// What follows the first '(' of a CREATE INDEX, without blanks and in lower case, quoted text as it
// is: enough to tell two texts that say the same.
std::string Body(const std::string& sql) {
  constexpr std::string_view kOpens = "'\"`[";
  constexpr std::string_view kCloses = "'\"`]";
  std::string body;
  char until = 0;  // what ends the quoted text; a doubled quote opens it again
  for (const char c : sql) {
    const size_t opens = until == 0 ? kOpens.find(c) : std::string_view::npos;
    const bool quoted = until != 0 || opens != std::string_view::npos;
    if (opens != std::string_view::npos) {
      until = kCloses[opens];
    } else if (c == until) {
      until = 0;
    }
    if (body.empty() && (quoted || c != '(')) continue;
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (quoted) {
      body += c;
    } else if (!blank) {
      body += LowerAscii(c);
    }
  }
  return body;
}

Status ReadIndexes(Examined* at, const TableInfo& table, std::vector<IndexInfo>* indexes) {
  Status status = ForEachRow(
      at->db, "SELECT name, \"unique\", partial FROM pragma_index_list(?1, ?2) ORDER BY seq",
      {table.name, at->schema}, [&](const Statement& row) {
        IndexInfo& index = indexes->emplace_back();
        index.name = row.Text(0);
        index.unique = row.Int(1) != 0;
        index.plain = row.Int(2) == 0;
      });
  for (IndexInfo& index : *indexes) {
    if (!status.ok()) break;
    status = ForEachRow(
        at->db,
        "SELECT cid, name, \"desc\", coll FROM pragma_index_xinfo(?1, ?2) WHERE key ORDER BY seqno",
        {index.name, at->schema}, [&](const Statement& row) {
          if (row.Int(0) == -2) index.plain = false;
          index.columns.push_back(row.Text(1) + (row.Int(2) != 0 ? " desc " : " ") + row.Text(3));
        });
    if (!status.ok() || index.plain) continue;
    Cell sql;
    status =
        ReadCell(at->db, "SELECT sql FROM " + at->Master() + " WHERE type = 'index' AND name = ?1",
                 {index.name}, &sql);
    index.text = Body(TextOf(sql));
  }
  return status;
}

bool StartsWith(const IndexInfo& longer, const IndexInfo& shorter) {
  return longer.columns.size() > shorter.columns.size() &&
         std::equal(shorter.columns.begin(), shorter.columns.end(), longer.columns.begin());
}

// `duplicates`: the same index twice, the one that can go first. `redundant`: another index begins
// with the same columns, which is a choice.
void CompareIndexes(const std::vector<IndexInfo>& indexes, std::vector<std::string>* duplicates,
                    std::vector<std::string>* redundant) {
  for (size_t i = 0; i < indexes.size(); ++i) {
    const IndexInfo& one = indexes[i];
    for (size_t j = 0; j < indexes.size(); ++j) {
      const IndexInfo& other = indexes[j];
      if (i == j || one.plain != other.plain) continue;
      const bool same = one.plain ? one.columns == other.columns : one.text == other.text;
      // Of two equal ones the plain one can go, or the newer one, which SQLite lists first.
      const bool goes = one.unique == other.unique ? i < j : !one.unique;
      if (same && goes) {
        duplicates->push_back(one.name + " = " + other.name);
        break;
      }
      if (one.plain && !one.unique && StartsWith(other, one)) {
        redundant->push_back(one.name + " < " + other.name);
        break;
      }
    }
  }
}

Status CheckIndexes(Examined* at) {
  std::vector<std::string> duplicates;
  std::vector<std::string> redundant;
  for (const TableInfo& table : at->tables) {
    std::vector<IndexInfo> indexes;
    Status status = ReadIndexes(at, table, &indexes);
    if (!status.ok()) return status;
    CompareIndexes(indexes, &duplicates, &redundant);
  }
  AddNames(at, "duplicate_indexes", Level::kWarn, duplicates,
           "each write keeps both up to date: DROP the first of each pair, if it is not a "
           "constraint's");
  AddNames(at, "redundant_indexes", Level::kInfo, redundant,
           "the second of each pair begins with the columns of the first; the first may still be "
           "worth it where it is much smaller");
  return Status::Ok();
}

bool HasStatistics(Examined* at, Status* status) {
  int64_t has = 0;
  *status = ReadInt(at->db, "SELECT count(*) FROM " + at->Master() + " WHERE name = 'sqlite_stat1'",
                    {}, &has);
  return has > 0;
}

// An index whose entries share a value on the average with a tenth of the table or more.
Status CheckUnusedIndexes(Examined* at) {
  Status status;
  if (!HasStatistics(at, &status)) return status;
  std::vector<std::string> poor;
  status = ForEachRow(at->db,
                      "SELECT idx, stat FROM " + QuoteName(at->schema) +
                          ".sqlite_stat1 WHERE idx IS NOT NULL AND idx <> tbl",
                      {}, [&](const Statement& row) {
                        long long rows = 0;
                        long long each = 0;
                        // Not scanf: the statistics may hold anything.
                        const std::string stat = row.Text(1);
                        char* rest = nullptr;
                        rows = std::strtoll(stat.c_str(), &rest, 10);
                        each = std::strtoll(rest, nullptr, 10);
                        if (rows > kSmallTable && each >= rows / 2) poor.push_back(row.Text(0));
                      });
  if (!status.ok()) return status;
  AddNames(at, "unused_indexes", Level::kInfo, poor,
           "most rows have the same value, so that a query gains nothing: DROP them, or make them "
           "partial");
  return Status::Ok();
}

// The number of rows that the statistics give to the table; -1 if there are none of it, or of one
// of its indexes. A partial index may be empty and then has none.
Status AnalyzedRows(Examined* at, const std::string& table, int64_t* rows) {
  *rows = -1;
  Cell stat;
  Status status = ReadCell(
      at->db,
      "WITH s AS (SELECT idx, stat FROM " + QuoteName(at->schema) +
          ".sqlite_stat1 WHERE tbl = ?1) SELECT stat FROM s WHERE NOT EXISTS (SELECT 1 FROM "
          "pragma_index_list(?1, ?2) AS l WHERE l.partial = 0 AND l.name NOT IN (SELECT idx FROM s "
          "WHERE idx IS NOT NULL)) LIMIT 1",
      {table, at->schema}, &stat);
  if (status.ok() && !IsNull(stat)) *rows = std::strtoll(TextOf(stat).c_str(), nullptr, 10);
  return status;
}

Status CheckStatistics(Examined* at) {
  Status status;
  const bool has = HasStatistics(at, &status);
  if (!status.ok()) return status;
  // What PRAGMA optimize would do; -1 only lists it, but since 3.46 with a write lock.
  constexpr int kListsWithLock = 3046000;
  std::vector<std::string> wanted;
  if (sqlite3_libversion_number() < kListsWithLock) {
    status = ForEachRow(at->db, "PRAGMA " + QuoteName(at->schema) + ".optimize(-1)", {},
                        [&](const Statement& row) { wanted.push_back(row.Text(0)); });
  }
  if (!status.ok()) return status;
  std::vector<std::string> stale;
  for (const TableInfo& table : at->tables) {
    int64_t indexes = 0;
    int64_t rows = 0;
    status = ReadInt(at->db, "SELECT count(*) FROM pragma_index_list(?1, ?2)",
                     {table.name, at->schema}, &indexes);
    if (status.ok()) status = EstimateRows(at->db, table, &rows);
    if (!status.ok()) return status;
    if (indexes == 0 || rows < kSmallTable) continue;
    int64_t analyzed = -1;
    if (has) status = AnalyzedRows(at, table.name, &analyzed);
    if (!status.ok()) return status;
    const bool drifted = analyzed < 0 || analyzed / kDrift > rows || analyzed < rows / kDrift;
    const bool listed = std::ranges::any_of(
        wanted, [&](const std::string& sql) { return sql == "ANALYZE " + table.Quoted(); });
    if (drifted || listed) stale.push_back(table.name);
  }
  AddNames(at, "statistics", Level::kWarn, stale,
           "statistics are missing or old, so that queries may take the wrong index: PRAGMA "
           "optimize, or ANALYZE");
  return Status::Ok();
}

}  // namespace

std::span<const Check> SchemaChecks() {
  static constexpr std::array kChecks{
      Check{"primary_keys", Scope::kRead, CheckPrimaryKeys},
      Check{"foreign_key_indexes", Scope::kRead, CheckForeignKeyIndexes},
      Check{"foreign_key_violations", Scope::kWhole, CheckForeignKeys},
      Check{"duplicate_indexes", Scope::kRead, CheckIndexes},
      Check{"unused_indexes", Scope::kRead, CheckUnusedIndexes},
      Check{"statistics", Scope::kRead, CheckStatistics},
  };
  return kChecks;
}

}  // namespace vecgraph
