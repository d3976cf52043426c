// db_query('SELECT ...')   a read-only query as the source of a table function
//
//   SELECT id, score
//   FROM vec_topk(db_query('SELECT id, body_vector FROM notes WHERE year = 2024'), 'body_vector',
//                 :q, 10);
//
// It only hands the text over, as a pointer that no view or trigger can make (DIRECTONLY); the
// table function checks that it is one statement that reads.
#include <array>
#include <cstring>

#include "sqlapi/guard.h"
#include "sqlapi/pointers.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

void db_query(sqlite3_context* ctx, int, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    if (sqlite3_value_type(argv[0]) != SQLITE_TEXT) {
      return Status::Error(Format("db_query: give the text of a SELECT statement, found %s",
                                  TypeNameOf(sqlite3_value_type(argv[0]))));
    }
    const std::string_view sql = TextOf(argv[0]);
    if (sql.find('\0') != std::string_view::npos) {
      return Status::Error("db_query: the text holds a NUL character");
    }
    auto* copy = static_cast<char*>(sqlite3_malloc64(sql.size() + 1));
    if (!copy) throw std::bad_alloc();
    std::memcpy(copy, sql.data(), sql.size());
    copy[sql.size()] = '\0';
    sqlite3_result_pointer(ctx, copy, kQueryPointer, sqlite3_free);
    return Status::Ok();
  });
}

}  // namespace

std::span<const FunctionDef> DbQueryFunctions() {
  static const std::array<FunctionDef, 1> kFunctions{{
      {"db_query", 1, kDirect, false, db_query},
  }};
  return kFunctions;
}

}  // namespace vecgraph
