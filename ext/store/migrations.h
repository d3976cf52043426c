// The migrations inside the library: the bytes of sql/migrations/*.sql, in the order of list.cmake.
//
// Invariants: names are NNNN_name, numbered from 1 without a gap, so that number N is at index
// N - 1. Everything points into the library itself and lives as long as it is loaded.
// Threads: constant.
#pragma once

#include <span>
#include <string_view>

namespace vecgraph {

struct EmbeddedMigration {
  std::string_view name;    // the file's name without .sql
  std::string_view sha256;  // of the file, 64 lower-case hexadecimal digits
  std::string_view sql;     // the file
};

// The definition is made by cmake/embed_sql.cmake.
std::span<const EmbeddedMigration> EmbeddedMigrations();

}  // namespace vecgraph
