#include "base/snapshot.h"

#include <cstring>

#include "base/compat.h"
#include "base/statement.h"

namespace vecgraph {
namespace {

// The value of `PRAGMA schema.name`, or "?" if it cannot be read.
std::string Pragma(sqlite3* db, const std::string& schema, const char* name) {
  Statement statement;
  const Status status = statement.Prepare(db, "PRAGMA " + QuoteName(schema) + "." + name);
  if (!status.ok() || statement.Step() != SQLITE_ROW) return "?";
  return statement.Text(0);
}

bool IsTemporary(sqlite3* db, const std::string& schema) {
  const char* file = sqlite3_db_filename(db, schema.c_str());
  return !file || !*file;
}

bool IsMemdb(sqlite3* db, const std::string& schema) {
  sqlite3_vfs* vfs = nullptr;
  const int rc = sqlite3_file_control(db, schema.c_str(), SQLITE_FCNTL_VFS_POINTER, &vfs);
  return rc != SQLITE_OK || !vfs || std::strcmp(vfs->zName, "memdb") == 0;
}

}  // namespace

SnapshotKey SampleSnapshot(sqlite3* db, const std::string& schema, sqlite3_stmt* statement) {
  SnapshotKey key;
  if (sqlite3_txn_state(db, schema.c_str()) != SQLITE_TXN_READ) return key;
  if (sqlite3_file_control(db, schema.c_str(), SQLITE_FCNTL_DATA_VERSION, &key.data_version) !=
      SQLITE_OK) {
    return key;
  }
  if (IsMemdb(db, schema) || Pragma(db, schema, "read_uncommitted") != "0") return key;
  if (IsTemporary(db, schema)) {
    const std::string mode = Pragma(db, schema, "journal_mode");
    if (mode == "off" || mode == "?") return key;
    key.total_changes =
        HasTotalChanges64() ? sqlite3_total_changes64(db) : sqlite3_total_changes(db);
  }
  key.reprepares = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0);
  key.known = true;
  return key;
}

}  // namespace vecgraph
