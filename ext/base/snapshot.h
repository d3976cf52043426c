// Snapshot: what a statement reads, as a key that changes whenever the content can have changed.
//
// Two equal, known keys of the same held statement mean the same table content. The key is the
// statement's count of re-preparations (DDL, ATTACH, DETACH) and the schema's data version (every
// commit, own or foreign). Nothing of it moves on an uncommitted write or a rollback, so a key is
// known only while the connection has no write transaction in that schema.
// REQUIRES: sampled while a read transaction on the schema is held, and used before it ends.
#pragma once

#include <cstdint>
#include <string>

#include "base/sqlite.h"

namespace vecgraph {

struct SnapshotKey {
  bool known = false;
  int reprepares = 0;
  unsigned data_version = 0;
  int64_t total_changes =
      0;  // in-memory and temporary schemas only: their rollbacks leave no trace

  bool SameAs(const SnapshotKey& other) const {
    return known && other.known && reprepares == other.reprepares &&
           data_version == other.data_version && total_changes == other.total_changes;
  }
};

// The key of `schema` as `statement`, a prepared statement that reads it, sees it now. Not known
// inside a write transaction, and for the few kinds of database whose counters can repeat:
// deserialized ones, shared caches read uncommitted, in-memory ones without a journal.
SnapshotKey SampleSnapshot(sqlite3* db, const std::string& schema, sqlite3_stmt* statement);

}  // namespace vecgraph
