#include "graph/row_feed.h"

#include <new>
#include <utility>

namespace vecgraph {
namespace {

constexpr const char* kPointer = "vecgraph_rows";

struct Feed {
  RowSink* sink;
  Status status;
};

void Take(sqlite3_context* ctx, int argc, sqlite3_value** argv) noexcept {
  auto** const place = static_cast<Feed**>(sqlite3_aggregate_context(ctx, sizeof(Feed*)));
  if (!place) return sqlite3_result_error_nomem(ctx);
  if (!*place && argc > 0) {
    *place = static_cast<Feed*>(sqlite3_value_pointer(argv[0], kPointer));
  }
  Feed* const feed = *place;
  if (!feed) {
    return sqlite3_result_error(ctx, "vecgraph_rows serves the graph functions alone", -1);
  }
  try {
    feed->status = feed->sink->Row(argv + 1);
    if (!feed->status.ok()) sqlite3_result_error_code(ctx, feed->status.code());
  } catch (...) {
    sqlite3_result_error_nomem(ctx);
  }
}

void End(sqlite3_context*) noexcept {}

}  // namespace

Status CreateRowFeed(sqlite3* db) {
  const int rc = sqlite3_create_function_v2(db, kRowFeed, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                            nullptr, nullptr, Take, End, nullptr);
  return rc == SQLITE_OK ? Status::Ok() : DatabaseError(db, rc, "creating vecgraph_rows");
}

Status FeedRows(Statement* statement, const std::string& what, RowSink* sink) {
  Feed feed{sink, {}};
  int rc = sqlite3_bind_pointer(statement->get(), 1, &feed, kPointer, nullptr);
  while (rc == SQLITE_OK || rc == SQLITE_ROW) rc = statement->Step();
  Status status = std::move(feed.status);
  if (status.ok() && rc != SQLITE_DONE) status = DatabaseError(statement->db(), rc, what);
  statement->Reset();
  sqlite3_bind_null(statement->get(), 1);
  return status;
}

}  // namespace vecgraph
