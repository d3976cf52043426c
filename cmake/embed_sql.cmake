# Writes SQL files into one C++ source, byte for byte, each with its SHA-256.
#
#   cmake -DOUT=embedded_migrations.cpp "-DFILES=0001_a.sql;0002_b.sql" -P embed_sql.cmake
#   cmake -DOUT=embedded_adoptions.cpp "-DFILES=drizzle_0.sql" -DWHAT=Adoptions -P embed_sql.cmake
#
# The second form is for files whose names have their number at the end.
# The bytes are character arrays and not string literals: no delimiter can clash with the text, and
# no compiler limits their length. ext/store/migrations.h declares the table.
cmake_minimum_required(VERSION 3.22)

if(NOT OUT OR NOT FILES)
  message(FATAL_ERROR "embed_sql.cmake: give -DOUT=<file.cpp> and -DFILES=<a.sql;b.sql>")
endif()

if(NOT WHAT)
  set(WHAT Migrations)
endif()
set(pattern "^[a-z_]+_[0-9]+$")
if(WHAT STREQUAL "Migrations")
  set(pattern "^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$")
endif()

set(arrays "")
set(rows "")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WLE)
  if(NOT name MATCHES "${pattern}")
    message(FATAL_ERROR "embed_sql.cmake: the name of ${file} is not one of ${WHAT}")
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
"// Made by cmake/embed_sql.cmake from files of sql/; edit those.
#include \"store/migrations.h\"

namespace vecgraph {
namespace {

${arrays}
const EmbeddedMigration k${WHAT}[] = {
${rows}};

}  // namespace

Migrations Embedded${WHAT}() { return k${WHAT}; }

}  // namespace vecgraph
")
