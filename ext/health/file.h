// What a database's file, its companions and its folder look like, without opening any of them.
//
// A second open and close of the file inside the process would drop SQLite's own locks (POSIX), so
// everything here goes through SQLite's open handles and the access() of its VFS.
// Threads: as the connection.
#pragma once

#include <cstdint>
#include <string>

#include "base/sqlite.h"

namespace vecgraph {

struct DatabaseFile {
  std::string path;  // empty: in memory or temporary
  std::string vfs;
  int64_t bytes = -1;      // -1: unknown
  bool read_only = false;  // this connection cannot write it
  bool moved = false;      // no longer at its path: moved, deleted or replaced
  bool immutable = false;  // opened with immutable=1: its WAL is not read
  // As this process may use them. Unknown counts as true.
  bool writable = true;
  bool folder_writable = true;
  bool has_wal = false;  // the companion is there and not empty
  bool has_shm = false;
  bool has_journal = false;
  bool shm_writable = true;
};

// `schema` is main or the name of an attached database.
DatabaseFile LookAtFile(sqlite3* db, const std::string& schema);

// What is wrong with the header of a file that SQLite cannot read; empty if nothing is seen.
std::string HeaderFault(sqlite3* db, const std::string& schema);

// The size of the WAL; -1 if there is none.
// REQUIRES: journal_mode is wal and the schema has been read, so that the handle is the WAL's.
int64_t WalBytes(sqlite3* db, const std::string& schema);

// How many frames the WAL holds and how many of them a checkpoint has copied.
struct WalFrames {
  int64_t frames = -1;  // -1: unknown
  int64_t copied = -1;
};
// REQUIRES: as WalBytes, a read transaction is open, and locking_mode is normal.
WalFrames ReadWalFrames(sqlite3* db, const std::string& schema);

}  // namespace vecgraph
