// What SQLite itself is, and what it lacks.
#include <array>

#include "health/check.h"

namespace vecgraph {
namespace {

// Ranges of versions with a fault that can hurt a store; `until` has the fix.
struct KnownBug {
  int from;
  int until;
  const char* what;
};

constexpr std::array kBugs{
    // sqlite.org/wal.html, "The WAL-reset bug"; fixed in 3.44.6, 3.50.7 and 3.51.3.
    KnownBug{3007000, 3044006,
             "two connections that checkpoint and write at once can lose commits"},
    KnownBug{3045000, 3050007,
             "two connections that checkpoint and write at once can lose commits"},
    KnownBug{3051000, 3051003,
             "two connections that checkpoint and write at once can lose commits"},
    // CVE-2022-35737.
    KnownBug{1000012, 3039002, "format() of very long strings writes out of bounds"},
    // CVE-2025-6965.
    KnownBug{3000000, 3050002, "more aggregate terms than columns corrupt memory"},
};

Status CheckVersion(Examined* at) {
  const int version = sqlite3_libversion_number();
  std::string bugs;
  for (const KnownBug& bug : kBugs) {
    if (version < bug.from || version >= bug.until) continue;
    bugs += (bugs.empty() ? "" : "; ") + std::string(bug.what);
  }
  const Level level = bugs.empty() ? Level::kOk : Level::kInfo;
  if (!bugs.empty()) {
    bugs = "known faults of this version, unless its distributor mended them: " + bugs +
           ": take SQLite 3.51.3 or newer";
  }
  at->Add("sqlite_version", level, std::string(sqlite3_libversion()), {}, bugs);
  return Status::Ok();
}

Status CheckFeatures(Examined* at) {
  struct Feature {
    const char* name;
    const char* sql;
    bool table = false;  // needs the schema, which may be locked or damaged
  };
  constexpr std::array kFeatures{
      Feature{"JSON", "SELECT json('1')"},
      Feature{"math functions", "SELECT ln(1)"},
      Feature{"FTS5", "SELECT fts5_source_id()"},
      Feature{"dbstat", "SELECT pagetype FROM main.dbstat", true},
  };
  std::string missing;
  for (const Feature& feature : kFeatures) {
    if (feature.table && !at->readable) continue;
    Statement statement;
    Status status = statement.Prepare(at->db, feature.sql);
    if (MustStop(status)) return status;
    // Anything but "no such" is no answer: a locked or damaged schema, an authorizer.
    if (status.ok() || status.message().find("no such") == std::string::npos) continue;
    missing += (missing.empty() ? "" : ", ") + std::string(feature.name);
  }
  const bool all = missing.empty();
  at->Add("features", all ? Level::kOk : Level::kInfo,
          all ? std::string("complete") : "missing: " + missing, {},
          all ? "" : "queries that need them fail on this SQLite");
  return Status::Ok();
}

Status CheckThreads(Examined* at) {
  if (sqlite3_threadsafe() != 0) return Status::Ok();
  at->Add("threads", Level::kInfo, int64_t{0}, {},
          "this SQLite is built without mutexes: use it from one thread of the process");
  return Status::Ok();
}

Status CheckKernel(Examined* at) {
  at->Add("kernel", Level::kOk, std::string(at->options->kernel->name));
  return Status::Ok();
}

}  // namespace

std::span<const Check> HostChecks() {
  static constexpr std::array kChecks{
      Check{"sqlite_version", Scope::kMain, CheckVersion},
      Check{"features", Scope::kMain, CheckFeatures},
      Check{"threads", Scope::kMain, CheckThreads},
      Check{"kernel", Scope::kMain, CheckKernel},
  };
  return kChecks;
}

}  // namespace vecgraph
