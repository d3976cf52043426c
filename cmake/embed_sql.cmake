# Writes SQL files into one C++ source, byte for byte, each with its SHA-256.
#
#   cmake -DOUT=embedded_migrations.cpp "-DFILES=0001_a.sql;0002_b.sql" -P embed_sql.cmake
#
# The bytes are character arrays and not string literals: no delimiter can clash with the text, and
# no compiler limits their length. ext/store/migrations.h declares the table.
cmake_minimum_required(VERSION 3.22)

if(NOT OUT OR NOT FILES)
  message(FATAL_ERROR "embed_sql.cmake: give -DOUT=<file.cpp> and -DFILES=<a.sql;b.sql>")
endif()

set(arrays "")
set(rows "")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WLE)
  if(NOT name MATCHES "^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$")
    message(FATAL_ERROR "embed_sql.cmake: ${file} is not named NNNN_name.sql")
  endif()
  file(READ "${file}" hex HEX)
  if(hex STREQUAL "")
    message(FATAL_ERROR "embed_sql.cmake: ${file} is empty")
  endif()
  file(SHA256 "${file}" sha256)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "const char k${name}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", \"${sha256}\", {k${name}, sizeof k${name}}},\n")
endforeach()

file(WRITE "${OUT}"
"// Made by cmake/embed_sql.cmake from sql/migrations/*.sql; edit those.
#include \"store/migrations.h\"

namespace vecgraph {
namespace {

${arrays}
const EmbeddedMigration kMigrations[] = {
${rows}};

}  // namespace

std::span<const EmbeddedMigration> EmbeddedMigrations() { return kMigrations; }

}  // namespace vecgraph
")
