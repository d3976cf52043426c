/* A second extension in the same program, with the usual names and macros of one. */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

static void Answer(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_int(ctx, 42);
}

int sqlite3_other_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  (void)error;
  (void)api;
  SQLITE_EXTENSION_INIT2(api);
  return sqlite3_create_function(db, "other_answer", 0, SQLITE_UTF8, 0, Answer, 0, 0);
}
