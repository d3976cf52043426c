/* Counts the allocations while one statement runs.
**
**   alloc LIBRARY SETUP SQL PARAMETER   ->  "CPP SQLITE ROWS"
**
** CPP: calls of malloc() and its kin from outside SQLite, so those of the library's C++. SQLITE:
** allocations that SQLite makes, for itself or for the library. The statement is prepared before
** and run three times before counting, so that a search is answered from memory then; PARAMETER, if
** not empty, is bound as text to ?1.
*/
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);

static long cpp_calls, sqlite_calls;
static int inside; /* SQLite's own malloc */

void* malloc(size_t n) {
  cpp_calls += !inside;
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t m) {
  cpp_calls += !inside;
  return __libc_calloc(n, m);
}
void* realloc(void* p, size_t n) {
  cpp_calls += !inside;
  return __libc_realloc(p, n);
}

static sqlite3_mem_methods real;

static void* count_malloc(int n) {
  ++sqlite_calls, ++inside;
  void* p = real.xMalloc(n);
  --inside;
  return p;
}

static void* count_realloc(void* old, int n) {
  ++sqlite_calls, ++inside;
  void* p = real.xRealloc(old, n);
  --inside;
  return p;
}

static void check(int ok, sqlite3* db) {
  if (ok) return;
  fprintf(stderr, "%s\n", sqlite3_errmsg(db));
  exit(2);
}

int main(int argc, char** argv) {
  sqlite3* db = 0;
  sqlite3_stmt* statement = 0;
  sqlite3_mem_methods counted;
  int rows = 0;
  if (argc != 5) return 2;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  counted = real;
  counted.xMalloc = count_malloc;
  counted.xRealloc = count_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* small allocations count too */
  check(sqlite3_open(":memory:", &db) == SQLITE_OK, db);
  sqlite3_enable_load_extension(db, 1);
  check(sqlite3_load_extension(db, argv[1], 0, 0) == SQLITE_OK, db);
  check(sqlite3_exec(db, argv[2], 0, 0, 0) == SQLITE_OK, db);
  check(sqlite3_prepare_v2(db, argv[3], -1, &statement, 0) == SQLITE_OK, db);
  if (*argv[4]) sqlite3_bind_text(statement, 1, argv[4], -1, SQLITE_STATIC);
  for (int run = 0; run < 4; ++run) {
    cpp_calls = sqlite_calls = rows = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) ++rows;
    check(sqlite3_reset(statement) == SQLITE_OK, db);
  }
  printf("%ld %ld %d\n", cpp_calls, sqlite_calls, rows);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return 0;
}
