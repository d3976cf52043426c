#include "health/report.h"

#include <algorithm>
#include <array>

#include "base/name.h"
#include "health/check.h"
#include "health/stats.h"
#include "health/tune.h"

namespace vecgraph {
namespace {

constexpr int64_t kWholeBytes = int64_t{64} << 20;

std::vector<std::span<const Check>> Families() {
  return {HostChecks(),      ConnectionChecks(), FileChecks(),  StorageChecks(), SchemaChecks(),
          EmbeddingChecks(), ModelChecks(),      GraphChecks(), StoreChecks()};
}

std::string Join(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

// The checks that ended with one and the same error.
struct Failure {
  std::string message;
  int code;
  std::vector<std::string> checks;
};

class Reporter {
 public:
  Reporter(sqlite3* db, const HealthOptions& options, std::vector<Finding>* findings)
      : options_(options) {
    at_.db = db;
    at_.options = &options;
    at_.findings = findings;
  }

  Status Examine(const std::string& schema) {
    at_.schema = schema;
    at_.file = LookAtFile(at_.db, schema);
    at_.readable = false;
    at_.tables.clear();
    failures_.clear();
    unread_.clear();
    // Held until all checks are done: they see one state, and a lock is waited for once.
    Statement held;
    Status status = OpenRead(&held);
    if (!status.ok()) return status;
    for (const std::span<const Check> family : Families()) {
      for (const Check& check : family) {
        status = RunCheck(check);
        if (!status.ok()) return status;
      }
    }
    AddRest();
    return Status::Ok();
  }

 private:
  bool SaidDamaged() const {
    return std::ranges::any_of(*at_.findings, [&](const Finding& finding) {
      return finding.level == Level::kError &&
             (finding.check.ends_with("integrity") || finding.check.ends_with("read"));
    });
  }

  Status OpenRead(Statement* held) {
    Status status = held->Prepare(at_.db, "PRAGMA " + QuoteName(at_.schema) + ".schema_version");
    if (status.ok()) {
      const int rc = held->Step();
      if (rc != SQLITE_ROW) status = DatabaseError(at_.db, rc);
    }
    if (status.ok()) status = ReadFacts();
    if (MustStop(status)) return status;
    // What an authorizer forbids is told by the checks that need it.
    const int code = status.code() & 0xff;
    at_.readable = status.ok() || code == SQLITE_AUTH || code == SQLITE_ERROR;
    if (!at_.readable) AddUnreadable(status);
    if (at_.readable && !status.ok()) Fail("tables", status);
    return Status::Ok();
  }

  Status ReadFacts() {
    Cell cell;
    at_.journal_mode.clear();
    at_.page_size = 0;
    at_.pages = 0;
    at_.whole = options_.full;
    Status status = ReadPragma(at_.db, at_.schema, "journal_mode", &cell);
    if (!status.ok()) return status;
    at_.journal_mode = TextOf(cell);
    const std::string pragma = "PRAGMA " + QuoteName(at_.schema) + ".";
    status = ReadInt(at_.db, pragma + "page_size", {}, &at_.page_size);
    if (status.ok()) status = ReadInt(at_.db, pragma + "page_count", {}, &at_.pages);
    if (!status.ok()) return status;
    at_.whole = options_.full || at_.pages * at_.page_size <= kWholeBytes;
    if (at_.schema == "main") status = HasDbstat(at_.db, &at_.dbstat);
    if (!status.ok()) return status;
    return ListTables(at_.db, at_.schema, &at_.tables);
  }

  void AddUnreadable(const Status& status) {
    const int code = status.code() & 0xff;
    std::string advice;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      advice =
          "another connection holds the lock for longer than busy_timeout: lsof shows who has "
          "the file open";
    } else if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) {
      advice =
          "a database in WAL mode needs its -wal and -shm files or a folder to make them in: "
          "give this process the right to write the folder";
    } else {
      advice = HeaderFault(at_.db, at_.schema);
      if (!advice.empty()) advice += "; ";
      advice += "restore a backup, or save what can be read with .recover of the sqlite3 shell";
    }
    at_.Add("read", Level::kError, status.message(), {}, advice);
  }

  Status RunCheck(const Check& check) {
    if (check.scope == Scope::kMain && at_.schema != "main") return Status::Ok();
    const bool reads = check.scope == Scope::kRead || check.scope == Scope::kWhole;
    if (reads && !at_.readable) return Status::Ok();
    auto* run = check.run;
    if (check.scope == Scope::kWhole && !at_.whole) run = check.sample;
    if (!run) {
      unread_.emplace_back(check.name);
      return Status::Ok();
    }
    Status status = run(&at_);
    if (MustStop(status)) return status;
    if (!status.ok()) Fail(check.name, status);
    return Status::Ok();
  }

  void Fail(const char* check, const Status& status) {
    // An authorizer words its refusal for each column.
    const auto found = std::ranges::find_if(failures_, [&](const Failure& failure) {
      return failure.message == status.message() ||
             (failure.code == SQLITE_AUTH && status.code() == SQLITE_AUTH);
    });
    if (found != failures_.end()) {
      found->checks.emplace_back(check);
    } else {
      failures_.push_back({status.message(), status.code(), {check}});
    }
  }

  void AddRest() {
    for (const Failure& failure : failures_) {
      const bool damage = IsDamage(failure.code);
      const Level level = !damage ? Level::kWarn : SaidDamaged() ? Level::kInfo : Level::kError;
      at_.Add("not_checked", level, Join(failure.checks), {}, failure.message);
    }
    if (!unread_.empty()) {
      at_.Add("not_read", Level::kInfo, Join(unread_), {},
              Format("above 64 MB tables are sampled: SELECT * FROM db_health('%s', 1) reads them",
                     options_.profile->name));
    }
  }

  const HealthOptions& options_;
  Examined at_;
  std::vector<Failure> failures_;
  std::vector<std::string> unread_;
};

}  // namespace

const char* NameOf(Level level) {
  constexpr std::array kNames{"error", "warn", "info", "ok"};
  return kNames[static_cast<size_t>(level)];
}

const TableInfo* Examined::Table(std::string_view name,
                                 std::initializer_list<std::string_view> columns) const {
  for (const TableInfo& table : tables) {
    if (SameName(table.name, name)) {
      return table.HasColumns(columns) ? &table : nullptr;
    }
  }
  return nullptr;
}

Status ReadHealth(sqlite3* db, const HealthOptions& options, std::vector<Finding>* findings) {
  std::vector<std::string> schemas;
  // The statement, not the table function: that would read the schema, which may be unreadable.
  Status status = ForEachRow(db, "PRAGMA database_list", {}, [&](const Statement& row) {
    if (row.Text(1) != "temp") schemas.push_back(row.Text(1));
  });
  if (MustStop(status)) return status;
  if (schemas.empty()) schemas.emplace_back("main");
  Reporter reporter(db, options, findings);
  for (const std::string& schema : schemas) {
    status = reporter.Examine(schema);
    if (!status.ok()) return status;
  }
  std::ranges::stable_sort(*findings, {}, &Finding::level);
  return Status::Ok();
}

}  // namespace vecgraph
