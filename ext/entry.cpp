// The entry points: what SQLite calls when the library is loaded.
//
//   .load ./vecgraph                             everything
//   .load ./vecgraph sqlite3_vecgraph_own_init   without the names that sqlite-vec has as well
//
// Loading registers functions and table functions and does nothing else: it writes nothing, sets no
// pragma and starts no thread. Loading again is harmless. Two different SQLites in one process need
// two copies of the file; the second is refused with that sentence.
// Threads: once per connection, by the thread that uses it.
#include <sqlite3ext.h>

#include <mutex>
#include <new>

SQLITE_EXTENSION_INIT1

#include "base/compat.h"
#include "sqlapi/registry.h"

namespace {

// Keeps the host's API table. A process can hold two SQLites (Python's own and the one inside apsw,
// say), but the library holds one table: calling the other SQLite with it would crash.
bool TakeApi(const sqlite3_api_routines* api) {
#if defined(SQLITE_CORE)
  (void)api;
  return true;
#else
  static std::mutex mutex;  // connections of several threads may load at once
  const std::lock_guard<std::mutex> lock(mutex);
  if (sqlite3_api) return sqlite3_api == api;
  SQLITE_EXTENSION_INIT2(api);
  return true;
#endif
}

// The first exception of a thread allocates its exception state, and glibc aborts when it cannot:
// better now than when memory is short.
void WarmUpExceptions() {
  try {
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
  }
}

int Load(sqlite3* db, char** message, const sqlite3_api_routines* api, vecgraph::Surface surface) {
  if (!TakeApi(api)) {
    // With the caller's own allocator: SQLite will free it.
    if (message) {
      *message = api->mprintf(
          "vecgraph: another SQLite of this process has loaded this file; load a copy of it");
    }
    return SQLITE_ERROR;
  }
  const auto fail = [&](int code, const char* text) {
    if (message) *message = sqlite3_mprintf("vecgraph: %s", text);
    return code;
  };
  WarmUpExceptions();
  if (sqlite3_libversion_number() < vecgraph::kLeastSqlite) {
    return fail(SQLITE_ERROR, "SQLite 3.34 or newer is needed");
  }
  try {
    const vecgraph::Status status = vecgraph::Register(db, surface);
    return status.ok() ? SQLITE_OK : fail(status.code(), status.message().c_str());
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (...) {
    return fail(SQLITE_ERROR, "internal error");
  }
}

}  // namespace

#if defined(_WIN32)
#define VECGRAPH_EXPORT extern "C" __declspec(dllexport)
#else
#define VECGRAPH_EXPORT extern "C" __attribute__((visibility("default")))
#endif

VECGRAPH_EXPORT int sqlite3_vecgraph_init(sqlite3* db, char** message,
                                          const sqlite3_api_routines* api) {
  return Load(db, message, api, vecgraph::Surface::kAll);
}

VECGRAPH_EXPORT int sqlite3_vecgraph_own_init(sqlite3* db, char** message,
                                              const sqlite3_api_routines* api) {
  return Load(db, message, api, vecgraph::Surface::kOwn);
}
