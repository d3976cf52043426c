#include "health/tune.h"

#include "health/query.h"

namespace vecgraph {
namespace {

bool IsBusy(const Status& status) { return (status.code() & 0xff) == SQLITE_BUSY; }

// Reads settings back, one wait for a locked file in all: what else is of the file then has the
// same error.
class Reader {
 public:
  explicit Reader(sqlite3* db) : db_(db) {}

  bool Locked(const Setting& setting) const { return !locked_.empty() && setting.of_file(); }

  Status ReadBack(Tuned* tuned) {
    if (Locked(*tuned->setting)) {
      tuned->error = locked_;
      return Status::Ok();
    }
    const Status status = ReadPragma(db_, "main", tuned->setting->pragma, &tuned->actual);
    if (MustStop(status)) return Status::Code(status.code(), status.message());
    Note(status, tuned);
    tuned->ok = status.ok() && tuned->setting->MetBy(tuned->actual);
    return Status::Ok();
  }

  // Keeps the first error of a setting.
  void Note(const Status& status, Tuned* tuned) {
    if (status.ok()) return;
    if (tuned->error.empty()) tuned->error = status.message();
    if (IsBusy(status)) locked_ = status.message();
  }

 private:
  sqlite3* db_;
  std::string locked_;
};

}  // namespace

Status ReadPragma(sqlite3* db, const std::string& schema, const char* pragma, Cell* value) {
  const std::string_view name = pragma;
  Status status = ReadCell(db, "PRAGMA " + QuoteName(schema) + "." + pragma, {}, value);
  // A database that is no file has no mapping and answers no row.
  if (status.ok() && name == "mmap_size" && IsNull(*value)) *value = int64_t{0};
  return status;
}

Status CheckIdle(sqlite3* db, const char* use) {
  if (!sqlite3_get_autocommit(db)) {
    return Status::Error(
        "a transaction is open, in which SQLite refuses or ignores this: COMMIT or ROLLBACK first");
  }
  if (sqlite3_txn_state(db, nullptr) != SQLITE_TXN_NONE) {
    return Status::Error(
        Format("a statement of this connection reads a database: finish it, and call %s without "
               "FROM",
               use));
  }
  return Status::Ok();
}

Status Tune(sqlite3* db, const Profile& profile, std::vector<Tuned>* tuned) {
  const std::string use = std::string("SELECT db_tune('") + profile.name + "')";
  Status status = CheckIdle(db, use.c_str());
  if (!status.ok()) return status;
  Reader reader(db);
  for (const Setting& setting : profile.settings) {
    Tuned& one = tuned->emplace_back(Tuned{&setting, {}, false, {}});
    status = reader.ReadBack(&one);
    if (!status.ok()) return status;
    // Setting the journal mode takes a lock even if it is that already.
    if (setting.alone || reader.Locked(setting) || one.actual == setting.value()) continue;
    one.error.clear();
    status =
        Run(db, std::string("PRAGMA main.") + setting.pragma + " = " + TextOf(setting.value()));
    if (MustStop(status)) return status;
    reader.Note(status, &one);
    if (reader.Locked(setting)) continue;
    status = reader.ReadBack(&one);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status CheckTuning(sqlite3* db, const Profile& profile, std::vector<Tuned>* tuned) {
  Reader reader(db);
  for (const Setting& setting : profile.settings) {
    Status status = reader.ReadBack(&tuned->emplace_back(Tuned{&setting, {}, false, {}}));
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

}  // namespace vecgraph
