// The settings of the connection against the profile.
#include <algorithm>
#include <array>

#include "health/check.h"
#include "health/tune.h"

namespace vecgraph {
namespace {

const Setting* Find(const Profile& profile, std::string_view pragma) {
  const auto found = std::ranges::find_if(
      profile.settings, [&](const Setting& setting) { return pragma == setting.pragma; });
  return found == profile.settings.end() ? nullptr : &*found;
}

// How bad it is that a setting differs from its profile.
Status LevelOf(Examined* at, std::string_view pragma, Level* level, std::string* advice) {
  *level = Level::kWarn;
  if (pragma == "journal_mode" && at->file.path.empty()) {
    *level = Level::kInfo;
    *advice = "a database in memory has no WAL";
  } else if (pragma == "journal_mode" && at->file.immutable) {
    *level = Level::kInfo;
    *advice = "an immutable database has no WAL";
  } else if (pragma == "foreign_keys" && at->readable) {
    int64_t keys = 0;
    Status status = ReadInt(at->db,
                            "SELECT count(*) FROM " + at->Master() +
                                " AS m JOIN pragma_foreign_key_list(m.name, ?1) AS f "
                                "WHERE m.type = 'table'",
                            {at->schema}, &keys);
    if (!status.ok()) return status;
    if (keys == 0) *level = Level::kInfo;
  }
  return Status::Ok();
}

Status CheckSetting(Examined* at, const char* pragma, const Setting* setting) {
  Cell actual;
  Status status = ReadPragma(at->db, at->schema, pragma, &actual);
  if (!status.ok()) return status;
  Level level = Level::kOk;
  std::string advice;
  Cell expected;
  if (setting && !setting->alone) {
    expected = setting->value();
    if (!setting->MetBy(actual)) {
      status = LevelOf(at, pragma, &level, &advice);
      if (!status.ok()) return status;
      if (advice.empty()) {
        advice = Format("SELECT db_tune('%s'), or PRAGMA %s = %s", at->options->profile->name,
                        pragma, TextOf(expected).c_str());
      }
    }
  }
  at->Add(pragma, level, actual, expected, advice);
  return Status::Ok();
}

// A check for each: one that fails leaves the others.
template <const char* const* kPragma>
Status CheckOne(Examined* at) {
  const Setting* setting = Find(*at->options->profile, *kPragma);
  const Setting known{*kPragma, nullptr, 0, true, ""};
  if (!at->readable && known.of_file()) return Status::Ok();
  return CheckSetting(at, *kPragma, setting);
}

constexpr const char* kJournalMode = "journal_mode";
constexpr const char* kSynchronous = "synchronous";
constexpr const char* kBusyTimeout = "busy_timeout";
constexpr const char* kForeignKeys = "foreign_keys";
constexpr const char* kMmapSize = "mmap_size";
constexpr const char* kTempStore = "temp_store";
constexpr const char* kCacheSize = "cache_size";
constexpr const char* kAutocheckpoint = "wal_autocheckpoint";
constexpr const char* kQueryOnly = "query_only";

Status CheckWritableSchema(Examined* at) {
  int64_t on = 0;
  Status status = ReadInt(at->db, "PRAGMA writable_schema", {}, &on);
  if (!status.ok() || on == 0) return status;
  at->Add("writable_schema", Level::kWarn, on, int64_t{0},
          "a slip can destroy the schema: PRAGMA writable_schema = RESET");
  return Status::Ok();
}

}  // namespace

std::span<const Check> ConnectionChecks() {
  static constexpr std::array kChecks{
      Check{kJournalMode, Scope::kMain, CheckOne<&kJournalMode>},
      Check{kSynchronous, Scope::kMain, CheckOne<&kSynchronous>},
      Check{kBusyTimeout, Scope::kMain, CheckOne<&kBusyTimeout>},
      Check{kForeignKeys, Scope::kMain, CheckOne<&kForeignKeys>},
      Check{kMmapSize, Scope::kMain, CheckOne<&kMmapSize>},
      Check{kTempStore, Scope::kMain, CheckOne<&kTempStore>},
      Check{kCacheSize, Scope::kMain, CheckOne<&kCacheSize>},
      Check{kAutocheckpoint, Scope::kMain, CheckOne<&kAutocheckpoint>},
      Check{kQueryOnly, Scope::kMain, CheckOne<&kQueryOnly>},
      Check{"writable_schema", Scope::kMain, CheckWritableSchema},
  };
  return kChecks;
}

}  // namespace vecgraph
