#include "health/profile.h"

#include <algorithm>
#include <array>

namespace vecgraph {
namespace {

constexpr Setting Number(const char* pragma, int64_t number, const char* why) {
  return {pragma, nullptr, number, false, why};
}
constexpr Setting Text(const char* pragma, const char* text, const char* why) {
  return {pragma, text, 0, false, why};
}
constexpr Setting Alone(const char* pragma, const char* why) {
  return {pragma, nullptr, 0, true, why};
}

constexpr Setting kWait =
    Number("busy_timeout", 5000, "first, so that the settings below wait for locks too");
constexpr Setting kWal =
    Text("journal_mode", "wal",
         "readers and the writer do not wait for each other; set only if it is "
         "another, since setting it takes a lock");
constexpr Setting kNormal =
    Number("synchronous", 1, "NORMAL: never corrupt; a power failure may lose the last commits");
constexpr Setting kNoMap =
    Number("mmap_size", 0, "an I/O error on a mapped file is a signal that ends the process");
constexpr Setting kMemory = Number("temp_store", 2, "MEMORY: sorts and indexes of a query");
constexpr Setting kForeignKeys = Number("foreign_keys", 1, "off unless it is asked for");
constexpr Setting kCheckpoint =
    Number("wal_autocheckpoint", 1000, "pages; the default of SQLite, said so that it stays");
constexpr Setting kCache20 = Number("cache_size", -20000, "20 MB, per connection");
constexpr Setting kCache64 = Number("cache_size", -64000, "64 MB, per connection");
constexpr Setting kMap = Number("mmap_size", 268435456,
                                "256 MB: fewer copies in large scans; measure before you keep it");
constexpr Setting kQueryOnly = Number("query_only", 1, "this connection refuses to write");

constexpr std::array kAmalfa{kWait, kWal, kNormal, kNoMap, kMemory, kForeignKeys};
constexpr std::array kVps60k{kWait, kWal, kNormal, kCache20, kMemory, kForeignKeys, kCheckpoint};
constexpr std::array kNode{kWait, kWal,    kNormal,      kCache64,
                           kMap,  kMemory, kForeignKeys, kCheckpoint};
// A reader never sets the journal mode: that is a write, and the writer's choice.
constexpr std::array kReader{kWait, kCache20, kNoMap, kMemory, kQueryOnly};
constexpr std::array kScan{kWait, kCache64, kMap, kMemory, kQueryOnly};
constexpr std::array kBulk{
    kWait,
    kWal,
    kNormal,
    kCache64,
    kNoMap,
    kMemory,
    Number("wal_autocheckpoint", 10000,
           "pages; checkpoints cost more than the rows: end with db_checkpoint('truncate')")};
constexpr std::array kDurable{
    kWait,
    kWal,
    Number("synchronous", 2, "FULL: what is committed survives a power failure"),
    kCache20,
    kNoMap,
    kMemory,
    kForeignKeys,
    kCheckpoint};
constexpr std::array kManaged{
    Alone("busy_timeout", "the engine has its own way to wait"),
    Alone("journal_mode", "the engine replicates the WAL"),
    Alone("synchronous", "often OFF: the engine's log is what survives"),
    Alone("wal_autocheckpoint", "0 where the engine checkpoints itself"),
    Alone("locking_mode", "the engine opens the file more than once"),
    Alone("query_only", "readers of the engine have it"),
};

constexpr std::array<Profile, 8> kProfiles{{
    {"amalfa", kAmalfa},
    {"vps60k", kVps60k},
    {"node", kNode},
    {"reader", kReader},
    {"scan", kScan},
    {"bulk", kBulk},
    {"durable", kDurable},
    {"managed", kManaged},
}};

}  // namespace

bool Setting::of_file() const {
  constexpr std::array<std::string_view, 5> kOfFile{"cache_size", "journal_mode", "locking_mode",
                                                    "mmap_size", "synchronous"};
  return std::ranges::find(kOfFile, pragma) != kOfFile.end();
}

bool Setting::MetBy(const Cell& actual) const {
  if (alone) return true;
  const auto* number_found = std::get_if<int64_t>(&actual);
  if (std::string_view(pragma) == "busy_timeout") return number_found && *number_found >= number;
  return actual == value();
}

std::span<const Profile> Profiles() { return kProfiles; }

Status FindProfile(std::string_view name, const Profile** profile) {
  const auto found =
      std::ranges::find_if(kProfiles, [&](const Profile& p) { return name == p.name; });
  if (found != kProfiles.end()) {
    *profile = &*found;
    return Status::Ok();
  }
  std::string names;
  for (const Profile& p : kProfiles) names += (names.empty() ? "" : ", ") + std::string(p.name);
  return Status::Error(Format("no profile '%.*s' (there are %s)", static_cast<int>(name.size()),
                              name.data(), names.c_str()));
}

}  // namespace vecgraph
