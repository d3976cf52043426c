// The health report: what is wrong with the databases of a connection, and what to do.
//
// It reads and never writes, makes no checkpoint and opens no file. Every check is isolated: one
// that fails becomes a row of the report. Databases above 64 MB are sampled, unless a full report
// is asked for. Threads: as the connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.h"
#include "base/status.h"
#include "health/cell.h"
#include "health/profile.h"
#include "kernel/kernels.h"

namespace vecgraph {

enum class Level { kError, kWarn, kInfo, kOk };  // worst first

const char* NameOf(Level level);

struct Finding {
  std::string check;  // of an attached database: with its name before
  Level level;
  Cell value;
  Cell expected;
  std::string advice;  // empty: nothing to do
};

struct KnownMigration {
  std::string_view name;
  std::string_view sha256;
};

struct HealthOptions {
  const Profile* profile = nullptr;
  bool full = false;                       // read everything, whatever the size
  const KernelTable* kernel = nullptr;     // never null
  std::vector<KnownMigration> migrations;  // those of the library
};

// The findings, worst first. Fails only when memory runs out or the connection is interrupted.
Status ReadHealth(sqlite3* db, const HealthOptions& options, std::vector<Finding>* findings);

}  // namespace vecgraph
