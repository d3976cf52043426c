// The SQL files inside the library: the bytes of sql/migrations/*.sql and sql/adopt/*.sql, in the
// order of their list.cmake.
//
// Invariants: migrations are NNNN_name, numbered from 1 without a gap, so that number N is at index
// N - 1. Everything points into the library itself and lives as long as it is loaded.
// Threads: constant.
#pragma once

#include <span>
#include <string_view>

namespace vecgraph {

// The table that records which migrations were applied.
constexpr char kLedgerTable[] = "_graph_migrations";

struct EmbeddedMigration {
  std::string_view name;    // the file's name without .sql
  std::string_view sha256;  // of the file, 64 lower-case hexadecimal digits
  std::string_view sql;     // the file
};

using Migrations = std::span<const EmbeddedMigration>;

// The definitions are made by cmake/embed_sql.cmake.
Migrations EmbeddedMigrations();
Migrations EmbeddedAdoptions();

}  // namespace vecgraph
