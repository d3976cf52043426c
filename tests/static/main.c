/* Links vecgraph into an application: no shared library, sqlite3_auto_extension, beside another
** extension that does the same. Fails when the two disturb each other. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

int sqlite3_vecgraph_init(sqlite3*, char**, const sqlite3_api_routines*);
int sqlite3_other_init(sqlite3*, char**, const sqlite3_api_routines*);

static int failures = 0;

/* Runs `sql`, which returns one value, and compares it as text. */
static void Expect(sqlite3* db, const char* sql, const char* expected) {
  sqlite3_stmt* stmt = 0;
  const char* got = "(no row)";
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW) got = (const char*)sqlite3_column_text(stmt, 0);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) got = sqlite3_errmsg(db);
  if (got == 0) got = "(null)";
  if (strcmp(got, expected) != 0) {
    printf("%s\n  expected %s\n  got      %s\n", sql, expected, got);
    failures++;
  }
  sqlite3_finalize(stmt);
}

static void TestConnection(void) {
  sqlite3* db = 0;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
    printf("open: %s\n", sqlite3_errmsg(db));
    failures++;
  }
  Expect(db, "SELECT total_changes()", "0");
  Expect(db, "SELECT other_answer()", "42");
  Expect(db, "SELECT vec_dot('[1,2,3]', '[4,5,6]')", "32.0");
  sqlite3_exec(db,
               "CREATE TABLE docs(id INTEGER PRIMARY KEY, e BLOB);"
               "INSERT INTO docs VALUES (1, vec_f32('[1,0]')), (2, vec_f32('[0,1]')),"
               "  (3, vec_f32('[3,4]')), (4, NULL)",
               0, 0, 0);
  Expect(db,
         "SELECT group_concat(id || ':' || score, ' ') FROM"
         " (SELECT id, score FROM vec_topk('docs', 'e', '[1,0]', 2) ORDER BY rank)",
         "3:3.0 1:1.0");
  if (sqlite3_close(db) != SQLITE_OK) {
    printf("close: %s\n", sqlite3_errmsg(db));
    failures++;
  }
}

int main(void) {
  sqlite3_auto_extension((void (*)(void))sqlite3_other_init);
  sqlite3_auto_extension((void (*)(void))sqlite3_vecgraph_init);
  /* Twice: each connection gets its own registration and gives it back. */
  TestConnection();
  TestConnection();
  sqlite3_reset_auto_extension();
  printf(failures ? "%d failures\n" : "static linking works\n", failures);
  return failures != 0;
}
