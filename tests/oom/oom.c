/* Fails the Nth allocation of SQLite, for N = 1, 2, ..., while one statement runs.
**
**   oom LIBRARY CASE SETUP SQL     ->  "ok N" or a line per finding; exit 0 or 1
**
** CASE is `sql` (SQL runs under failing allocations), `load` (the library is loaded under them) or
** `probe` (as `sql`, with the faulty functions of this program, which must be found out).
** Each N runs in a process of its own, a copy of one that is set up, once with one failure and once
*with all from N on. A run may
** end well, then with the rows of the undisturbed run, or with an error that is out of memory.
** A crash, another error, other rows, memory that is not given back and a statement of the library
** that is left in the middle, with its lock, are findings.
** With -DFAIL_MALLOC it is malloc() that fails: the allocations of C++. The first
** -DFINE=... of N are all tried, of the rest one in -DCOARSE=...
*/
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef FINE
#define FINE 300
#endif
#ifndef COARSE
#define COARSE 7
#endif

enum { OK = 0, NOT_REACHED = 100, WRONG_CODE, WRONG_ROWS, LEAK, LOCKED, SETUP_FAILED };

static long countdown = -1; /* -1: do not fail */
static int persistent;
static int fired;
static int outside; /* inside SQLite's own malloc: not ours to fail */

static int fails(void) {
  if (countdown < 0) return 0;
  if (countdown > 1) {
    --countdown;
    return 0;
  }
  if (countdown == 1 || persistent) {
    countdown = 0;
    fired = 1;
    return 1;
  }
  return 0;
}

static sqlite3_mem_methods real;

#ifdef FAIL_MALLOC
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
void* malloc(size_t n) { return !outside && fails() ? 0 : __libc_malloc(n); }
void* calloc(size_t n, size_t m) { return !outside && fails() ? 0 : __libc_calloc(n, m); }
void* realloc(void* p, size_t n) { return !outside && fails() ? 0 : __libc_realloc(p, n); }
static int sqlite_fails(void) { return 0; }
#else
static int sqlite_fails(void) { return fails(); }
#endif

static void* test_malloc(int n) {
  if (sqlite_fails()) return 0;
  ++outside;
  void* p = real.xMalloc(n);
  --outside;
  return p;
}

static void* test_realloc(void* old, int n) {
  if (sqlite_fails()) return 0;
  ++outside;
  void* p = real.xRealloc(old, n);
  --outside;
  return p;
}

/* Faulty on purpose: each mistake that a run must find. */
static void leaks(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  char *a = sqlite3_malloc(10), *b = a ? sqlite3_malloc(10) : 0;
  (void)argc, (void)argv;
  if (!b) {
    sqlite3_result_error_nomem(ctx);
    return;
  }
  sqlite3_free(a);
  sqlite3_free(b);
}

static void crashes(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  volatile char* a = sqlite3_malloc(10);
  (void)argc, (void)argv;
  *a = 1;
  sqlite3_free((char*)a);
  sqlite3_result_int(ctx, 1);
}

static void hides(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  char* a = sqlite3_malloc(10);
  (void)argc, (void)argv;
  sqlite3_result_int(ctx, a != 0);
  sqlite3_free(a);
}

static void misnames(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  char* a = sqlite3_malloc(10);
  (void)argc, (void)argv;
  if (!a) sqlite3_result_error(ctx, "no such table", -1);
  sqlite3_free(a);
}

static void holds(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  char* a = sqlite3_malloc(10);
  sqlite3_stmt* stmt = 0;
  (void)argc, (void)argv;
  if (!a) {
    sqlite3_prepare_v2(sqlite3_context_db_handle(ctx), "VALUES (1), (2)", -1, &stmt, 0);
    sqlite3_step(stmt);
    sqlite3_result_error_nomem(ctx);
  }
  sqlite3_free(a);
}

static void add_faulty(sqlite3* db) {
  sqlite3_create_function(db, "leaks", 0, SQLITE_UTF8, 0, leaks, 0, 0);
  sqlite3_create_function(db, "crashes", 0, SQLITE_UTF8, 0, crashes, 0, 0);
  sqlite3_create_function(db, "hides", 0, SQLITE_UTF8, 0, hides, 0, 0);
  sqlite3_create_function(db, "misnames", 0, SQLITE_UTF8, 0, misnames, 0, 0);
  sqlite3_create_function(db, "holds", 0, SQLITE_UTF8, 0, holds, 0, 0);
}

/* Runs all statements of `sql`; *sum takes in every value of every row. */
static int run(sqlite3* db, const char* sql, uint64_t* sum) {
  uint64_t hash = 14695981039346656037u;
  int rc = SQLITE_OK;
  while (rc == SQLITE_OK && *sql) {
    sqlite3_stmt* stmt = 0;
    rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &sql);
    if (rc != SQLITE_OK || !stmt) continue;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(stmt); ++i) {
        const unsigned char* bytes;
        int n, type = sqlite3_column_type(stmt, i);
        double number = sqlite3_column_double(stmt, i);
        if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
          bytes = (const unsigned char*)&number;
          n = (int)sizeof number;
        } else {
          bytes = sqlite3_column_blob(stmt, i);
          n = bytes ? sqlite3_column_bytes(stmt, i) : 0;
          if (!bytes && type != SQLITE_NULL && sqlite3_errcode(db) == SQLITE_NOMEM) {
            sqlite3_finalize(stmt);
            return SQLITE_NOMEM;
          }
        }
        hash = (hash ^ (uint64_t)type) * 1099511628211u;
        for (int j = 0; j < n; ++j) hash = (hash ^ bytes[j]) * 1099511628211u;
      }
      hash = (hash ^ 255) * 1099511628211u;
    }
    rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
    if (rc == SQLITE_OK)
      rc = sqlite3_finalize(stmt);
    else
      sqlite3_finalize(stmt);
  }
  *sum = hash;
  return rc;
}

static int out_of_memory(int rc, const char* message) {
  return (rc & 255) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM ||
         (message && strstr(message, "out of memory"));
}

/* The text of a statement that was begun and not ended. */
static const char* left_in_the_middle(sqlite3* db) {
  for (sqlite3_stmt* stmt = sqlite3_next_stmt(db, 0); stmt; stmt = sqlite3_next_stmt(db, stmt)) {
    if (sqlite3_stmt_busy(stmt)) return sqlite3_sql(stmt);
  }
  return 0;
}

static int load(sqlite3* db, const char* library, char** message) {
  sqlite3_enable_load_extension(db, 1);
  return sqlite3_load_extension(db, library, 0, message);
}

/* Opens the connection and prepares it; the memory that is in use before. */
static int set_up(char** argv, sqlite3** db, sqlite3_int64* before) {
  char* message = 0;
  uint64_t ignored = 0;
  *before = sqlite3_memory_used();
  if (sqlite3_open(":memory:", db) != SQLITE_OK) return SETUP_FAILED;
  if (strcmp(argv[2], "probe") == 0) add_faulty(*db);
  if (strcmp(argv[2], "load") != 0 && load(*db, argv[1], &message) != SQLITE_OK) {
    fprintf(stderr, "cannot load: %s\n", message ? message : "");
    return SETUP_FAILED;
  }
#ifdef FAIL_MALLOC
  /* The first exception in a thread allocates thread-local data, and glibc aborts without memory
  ** for it. Let it happen here. */
  for (long n = 1; n < 40; ++n) {
    countdown = n;
    run(*db, "SELECT vec_to_json(vec_add('[1,2,3]', '[3,4,5]'))", &ignored);
    countdown = -1;
  }
#endif
  if (run(*db, argv[3], &ignored) != SQLITE_OK) {
    fprintf(stderr, "set-up: %s\n", sqlite3_errmsg(*db));
    return SETUP_FAILED;
  }
  return OK;
}

/* One run; `n` = 0 is undisturbed. Closes the connection. */
static int child(char** argv, sqlite3* db, sqlite3_int64 before, long n, int all, uint64_t expected,
                 uint64_t* sum) {
  const int loading = strcmp(argv[2], "load") == 0;
  char* message = 0;
  uint64_t ignored = 0;
  int verdict = OK;
  persistent = all;
  fired = 0;
  countdown = n > 0 ? n : -1;
  int rc = loading ? load(db, argv[1], &message) : SQLITE_OK;
  const int loaded = rc == SQLITE_OK;
  if (rc == SQLITE_OK) rc = run(db, argv[4], sum);
  countdown = -1;
  /* A load that fails without a message had no memory for it. */
  const char* said = loaded ? sqlite3_errmsg(db) : message ? message : "out of memory";
  if (n > 0 && !fired) {
    verdict = NOT_REACHED;
  } else if (rc != SQLITE_OK && !(n > 0 && out_of_memory(rc, said))) {
    verdict = WRONG_CODE;
    printf("n=%ld all=%d rc=%d %s\n", n, all, rc, said);
  } else if (rc == SQLITE_OK && n > 0 && *sum != expected) {
    verdict = WRONG_ROWS;
    printf("n=%ld all=%d other rows\n", n, all);
  } else if (loaded && strcmp(argv[2], "sql") == 0 &&
             run(db, "SELECT vec_length(x'00000000')", &ignored) != SQLITE_OK) {
    verdict = WRONG_CODE;
    printf("n=%ld all=%d afterwards: %s\n", n, all, sqlite3_errmsg(db));
  }
  sqlite3_free(message);
  const char* statement = left_in_the_middle(db);
  if (statement) {
    verdict = LOCKED;
    printf("n=%ld all=%d left in the middle: %s\n", n, all, statement);
  }
  if (sqlite3_close(db) != SQLITE_OK) {
    printf("n=%ld all=%d the connection does not close\n", n, all);
    verdict = LEAK;
  } else if (sqlite3_memory_used() != before) {
    printf("n=%ld all=%d leak of %lld bytes\n", n, all,
           (long long)(sqlite3_memory_used() - before));
    verdict = LEAK;
  }
  fflush(stdout);
  return verdict;
}

int main(int argc, char** argv) {
  static sqlite3_mem_methods ours;
  uint64_t expected = 0;
  long n, points = 0;
  int findings = 0;
  if (argc != 5) {
    fprintf(stderr, "usage: oom LIBRARY sql|load|probe SETUP SQL\n");
    return 2;
  }
  setvbuf(stdout, 0, _IOLBF, 4096); /* no malloc() later */
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  ours = real;
  ours.xMalloc = test_malloc;
  ours.xRealloc = test_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_initialize();
  sqlite3* db = 0;
  sqlite3_int64 before = 0;
  if (set_up(argv, &db, &before) != OK || child(argv, db, before, 0, 0, 0, &expected) != OK) {
    printf("the undisturbed run fails\n");
    return 2;
  }
  if (set_up(argv, &db, &before) != OK) return 2;
  for (int all = 0; all < 2; ++all) {
    /* Long runs are sampled from the 300th allocation on. */
    for (n = 1;; n += n < FINE ? 1 : COARSE) {
      uint64_t sum = 0;
      int status = 0;
      fflush(stdout);
      const pid_t pid = fork();
      if (pid == 0) _exit(child(argv, db, before, n, all, expected, &sum));
      if (pid < 0 || waitpid(pid, &status, 0) != pid) return 2;
      if (WIFSIGNALED(status)) {
        printf("n=%ld all=%d crash: signal %d\n", n, all, WTERMSIG(status));
        ++findings;
      } else if (WEXITSTATUS(status) == NOT_REACHED) {
        break;
      } else if (WEXITSTATUS(status) != OK) {
        if (WEXITSTATUS(status) < NOT_REACHED) {
          printf("n=%ld all=%d crash: exit %d\n", n, all, WEXITSTATUS(status));
        }
        ++findings;
      }
      ++points;
      if (findings > 20) break;
    }
  }
  if (sqlite3_close(db) != SQLITE_OK) return 2;
  if (findings == 0) printf("ok %ld\n", points);
  return findings > 0;
}
