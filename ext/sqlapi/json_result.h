// JSON as a function's result.
//
// Threads: as the connection.
#pragma once

#include <string>

#include "base/sqlite.h"

namespace vecgraph {

// By this subtype the JSON functions of SQLite know JSON from text.
constexpr unsigned kJsonSubtype = 'J';

inline void ResultJson(sqlite3_context* ctx, const std::string& json) {
  sqlite3_result_text64(ctx, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  sqlite3_result_subtype(ctx, kJsonSubtype);
}

}  // namespace vecgraph
