// Check: one thing that the health report looks at. Examined: the database it looks at.
//
// A family of checks is a file checks_*.cpp with one function that lists them. Whatever a check
// returns as an error becomes a row of the report, except that memory ran out or the connection was
// interrupted.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "health/file.h"
#include "health/query.h"
#include "health/report.h"
#include "health/table_list.h"

namespace vecgraph {

struct Examined {
  sqlite3* db = nullptr;
  std::string schema;
  const HealthOptions* options = nullptr;
  DatabaseFile file;
  bool readable = false;  // a read transaction is open until the report is done
  std::string journal_mode;
  int64_t page_size = 0;
  int64_t pages = 0;
  bool whole = false;   // tables may be read whole
  bool dbstat = false;  // SQLite has it; looked up in main, for all databases
  std::vector<TableInfo> tables;
  std::vector<Finding>* findings = nullptr;

  void Add(const char* check, Level level, Cell value, Cell expected = {},
           std::string advice = {}) {
    findings->push_back({schema == "main" ? check : schema + "." + check, level, std::move(value),
                         std::move(expected), std::move(advice)});
  }
  // The table of that name, in any case, if it has these columns; else null.
  const TableInfo* Table(std::string_view name,
                         std::initializer_list<std::string_view> columns) const;
  std::string Master() const { return QuoteName(schema) + ".sqlite_master"; }
};

// Whether an error says that the file is damaged.
inline bool IsDamage(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_IOERR;
}

enum class Scope {
  kMain,   // once, whether or not the main database can be read
  kFile,   // of each database, whether or not it can be read
  kRead,   // of each database that can be read; costs no more than a few pages
  kWhole,  // the same, reads whole tables
};

struct Check {
  const char* name;
  Scope scope;
  Status (*run)(Examined*);
  Status (*sample)(Examined*) = nullptr;  // instead of `run` where tables are not read whole
};

std::span<const Check> HostChecks();
std::span<const Check> ConnectionChecks();
std::span<const Check> FileChecks();
std::span<const Check> StorageChecks();
std::span<const Check> SchemaChecks();
std::span<const Check> EmbeddingChecks();
std::span<const Check> ModelChecks();
std::span<const Check> GraphChecks();
std::span<const Check> StoreChecks();

}  // namespace vecgraph
