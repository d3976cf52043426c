/* Kills a process at every write that it makes to a database, and looks at what is left.
**
**   crash START WORK LIBRARY SQL [faulty]     ->  "POINTS OLD NEW", exit 0, or findings, exit 1
**
** START is the database before; WORK is a file that is made from it for each run. A child runs SQL
** (several statements, one transaction) on a VFS that ends the process at its Nth write,
*truncation,
** sync or deletion, for N = 1, 2, ... until a run comes through: every other write is left half
*done.
** LIBRARY is loaded unless it is empty. After each death the database must pass integrity_check and
** hold exactly what START holds, or what a run without a death leaves; OLD and NEW count these.
**
** faulty: the child writes without a journal, so that something else must be found.
*/
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIED = 77 };

static long countdown = -1; /* -1: never */

/* Returns 1 at the write that must not come to its end. */
static int dies(void) { return countdown > 0 && --countdown == 0; }

/* ---- a VFS around the system's ---- */

typedef struct {
  sqlite3_file base;
  sqlite3_file* real;
} File;

static sqlite3_vfs *real_vfs, fault_vfs;
#define REAL(f) (((File*)(f))->real)

static int f_close(sqlite3_file* f) {
  int code = REAL(f)->pMethods->xClose(REAL(f));
  return code;
}
static int f_read(sqlite3_file* f, void* p, int n, sqlite3_int64 at) {
  return REAL(f)->pMethods->xRead(REAL(f), p, n, at);
}
static int f_write(sqlite3_file* f, const void* p, int n, sqlite3_int64 at) {
  static long writes;
  ++writes;
  if (dies()) {
    if (writes % 2) REAL(f)->pMethods->xWrite(REAL(f), p, n / 2, at);
    _exit(DIED);
  }
  return REAL(f)->pMethods->xWrite(REAL(f), p, n, at);
}
static int f_truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (dies()) _exit(DIED);
  return REAL(f)->pMethods->xTruncate(REAL(f), size);
}
/* A killed process loses nothing that it wrote, so that nothing need reach the disk here. */
static int f_sync(sqlite3_file* f, int flags) {
  (void)f, (void)flags;
  if (dies()) _exit(DIED);
  return SQLITE_OK;
}
static int f_size(sqlite3_file* f, sqlite3_int64* size) {
  return REAL(f)->pMethods->xFileSize(REAL(f), size);
}
static int f_lock(sqlite3_file* f, int level) { return REAL(f)->pMethods->xLock(REAL(f), level); }
static int f_unlock(sqlite3_file* f, int level) {
  return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int f_reserved(sqlite3_file* f, int* out) {
  return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}
static int f_control(sqlite3_file* f, int op, void* arg) {
  return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}
static int f_sector(sqlite3_file* f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int f_features(sqlite3_file* f) {
  return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int f_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out);
}
static int f_shm_lock(sqlite3_file* f, int at, int n, int flags) {
  return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}
static void f_shm_barrier(sqlite3_file* f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int f_shm_unmap(sqlite3_file* f, int delete) {
  return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods methods = {
    2,          f_close,       f_read,      f_write,   f_truncate, f_sync,     f_size,
    f_lock,     f_unlock,      f_reserved,  f_control, f_sector,   f_features, f_shm_map,
    f_shm_lock, f_shm_barrier, f_shm_unmap, 0,         0};

static int v_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out) {
  File* file = (File*)f;
  (void)vfs;
  file->real = (sqlite3_file*)(file + 1);
  file->base.pMethods = 0;
  int code = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
  if (file->real->pMethods) file->base.pMethods = &methods;
  return code;
}
static int v_delete(sqlite3_vfs* vfs, const char* name, int sync) {
  (void)vfs, (void)sync;
  if (dies()) _exit(DIED);
  return real_vfs->xDelete(real_vfs, name, 0);
}

/* ---- what a database holds, as a number ---- */

static void fail(sqlite3* db, const char* what) {
  fprintf(stderr, "%s: %s\n", what, db ? sqlite3_errmsg(db) : "");
  exit(2);
}

static uint64_t mix(uint64_t hash, const void* data, size_t n) {
  const unsigned char* bytes = data;
  for (size_t i = 0; i < n; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash;
}

static uint64_t rows(sqlite3* db, const char* sql, uint64_t hash) {
  sqlite3_stmt* s;
  if (sqlite3_prepare_v2(db, sql, -1, &s, 0) != SQLITE_OK) fail(db, sql);
  while (sqlite3_step(s) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(s); ++i) {
      int type = sqlite3_column_type(s, i);
      const void* data = sqlite3_column_blob(s, i);
      hash = mix(hash, &type, sizeof type);
      hash = mix(hash, data, (size_t)sqlite3_column_bytes(s, i));
    }
  }
  if (sqlite3_finalize(s) != SQLITE_OK) fail(db, sql);
  return hash;
}

/* Every table but for the time at which a migration was applied; 0: the file is damaged. */
static uint64_t content(const char* path) {
  sqlite3* db;
  sqlite3_stmt* s;
  uint64_t hash = 1469598103934665603u;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, 0) != SQLITE_OK) fail(db, "open");
  if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, 0) != SQLITE_OK ||
      sqlite3_step(s) != SQLITE_ROW || strcmp((const char*)sqlite3_column_text(s, 0), "ok")) {
    sqlite3_finalize(s);
    sqlite3_close(db);
    return 0;
  }
  sqlite3_finalize(s);
  hash = rows(db, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name", hash);
  if (sqlite3_prepare_v2(
          db,
          "SELECT CASE name WHEN '_graph_migrations' THEN 'SELECT name, sha256 FROM '"
          " ELSE 'SELECT * FROM ' END || '\"' || name || '\"' FROM sqlite_master"
          " WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
          -1, &s, 0) != SQLITE_OK) {
    fail(db, "list");
  }
  while (sqlite3_step(s) == SQLITE_ROW) {
    hash = rows(db, (const char*)sqlite3_column_text(s, 0), hash);
  }
  sqlite3_finalize(s);
  sqlite3_close(db);
  return hash;
}

/* ---- one run ---- */

static void copy(const char* from, const char* to) {
  char name[4096], buffer[65536];
  const char* const beside[] = {"-journal", "-wal", "-shm"};
  for (int i = 0; i < 3; ++i) {
    snprintf(name, sizeof name, "%s%s", to, beside[i]);
    unlink(name);
  }
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ssize_t n;
  if (in < 0 || out < 0) fail(0, "copy");
  while ((n = read(in, buffer, sizeof buffer)) > 0) {
    if (write(out, buffer, (size_t)n) != n) fail(0, "copy");
  }
  close(in);
  close(out);
}

static void run(const char* path, const char* library, const char* sql, int faulty) {
  sqlite3* db;
  char* error = 0;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "fault") != SQLITE_OK) fail(db, "open");
  sqlite3_enable_load_extension(db, 1);
  if (*library && sqlite3_load_extension(db, library, 0, &error) != SQLITE_OK) fail(db, "load");
  if (faulty) sqlite3_exec(db, "PRAGMA journal_mode = OFF", 0, 0, 0);
  sqlite3_exec(db, "PRAGMA cache_size = 20", 0, 0, 0); /* so that pages are written early */
  if (sqlite3_exec(db, sql, 0, 0, &error) != SQLITE_OK) {
    fprintf(stderr, "%s\n", error);
    _exit(2);
  }
  sqlite3_close(db);
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const char *start = argv[1], *work = argv[2], *library = argv[3], *sql = argv[4];
  const int faulty = argc > 5;
  long n, old_count = 0, new_count = 0, findings = 0;
  real_vfs = sqlite3_vfs_find(0);
  fault_vfs = *real_vfs;
  fault_vfs.zName = "fault";
  fault_vfs.szOsFile = (int)sizeof(File) + real_vfs->szOsFile;
  fault_vfs.xOpen = v_open;
  fault_vfs.xDelete = v_delete;
  sqlite3_vfs_register(&fault_vfs, 0);

  /* Opened here once, so that the children find it mapped. */
  sqlite3* db;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) fail(db, "open");
  sqlite3_enable_load_extension(db, 1);
  if (*library && sqlite3_load_extension(db, library, 0, 0) != SQLITE_OK) fail(db, "load");
  copy(start, work);
  const uint64_t before = content(work);
  for (n = 0;; ++n) { /* 0 is the run without a death */
    static uint64_t after;
    int status;
    copy(start, work);
    fflush(0);
    pid_t child = fork();
    if (child == 0) {
      countdown = n ? n : -1;
      run(work, library, sql, faulty);
      _exit(0);
    }
    if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) fail(0, "the child crashed");
    if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != DIED) return 2;
    const uint64_t left = content(work);
    if (n == 0) {
      after = left;
      if (!after || after == before) fail(0, "the run without a death changed nothing");
    } else if (WEXITSTATUS(status) == 0) {
      break;
    } else if (left == before) {
      ++old_count;
    } else if (left == after) {
      ++new_count;
    } else {
      ++findings;
      printf("at write %ld: %s\n", n, left ? "neither the old nor the new" : "damaged");
      if (faulty) break;
    }
  }
  printf("%ld %ld %ld\n", n - 1, old_count, new_count);
  return findings != 0;
}
