// The file, its folder and its WAL.
#include <algorithm>
#include <array>

#include "health/check.h"

namespace vecgraph {
namespace {

constexpr int64_t kMostWalBytes = 10 << 20;
constexpr int64_t kDefaultCheckpoint = 1000;

bool OnlyReads(const Profile& profile) {
  return std::ranges::any_of(profile.settings, [](const Setting& setting) {
    return std::string_view(setting.pragma) == "query_only" && !setting.alone;
  });
}

// The trap of read-only WAL databases: they are readable only as long as a writer, or the right to
// write the folder, keeps -wal and -shm there.
Status CheckPermissions(Examined* at) {
  const DatabaseFile& file = at->file;
  if (file.path.empty() || file.immutable) return Status::Ok();
  const bool wal = at->journal_mode == "wal" || file.has_wal || file.has_shm;
  if (wal && !file.folder_writable) {
    at->Add("wal_folder", Level::kWarn, std::string("not writable"), std::string("writable"),
            file.read_only
                ? "when the last writer closes, this database can no longer be opened here: let "
                  "this process write the folder, or read a copy with immutable=1"
                : "this process cannot make -wal and -shm when they are gone: let it write the "
                  "folder");
  } else if (!file.folder_writable && !file.read_only) {
    at->Add("folder", Level::kWarn, std::string("not writable"), std::string("writable"),
            "this process cannot make the journal that a write needs");
  }
  if (wal && file.has_shm && !file.shm_writable) {
    at->Add("wal_shm", Level::kWarn, std::string("not writable"), std::string("writable"),
            "readers of a WAL database write the -shm file too: give this process the right");
  }
  if (file.read_only && !OnlyReads(*at->options->profile)) {
    at->Add("read_only", file.writable ? Level::kInfo : Level::kWarn, int64_t{1}, int64_t{0},
            file.writable ? "opened read-only"
                          : "the file does not let this process write: every write will fail");
  }
  return Status::Ok();
}

Status CheckImmutable(Examined* at) {
  if (!at->file.immutable) return Status::Ok();
  const bool stale = at->file.has_wal;
  at->Add("immutable", stale ? Level::kError : Level::kInfo, int64_t{1}, int64_t{0},
          stale
              ? "there is a WAL, and immutable=1 does not read it: commits are missing here; open "
                "without it"
              : "right only as long as nobody changes the file");
  return Status::Ok();
}

Status ReadAutocheckpoint(Examined* at, int64_t* pages) {
  return ReadInt(at->db, "PRAGMA wal_autocheckpoint", {}, pages);
}

Status CheckWal(Examined* at) {
  if (at->journal_mode != "wal") return Status::Ok();
  const int64_t bytes = WalBytes(at->db, at->schema);
  if (bytes < 0) return Status::Ok();
  Cell locking;
  Status status =
      ReadCell(at->db, "PRAGMA " + QuoteName(at->schema) + ".locking_mode", {}, &locking);
  if (!status.ok()) return status;
  WalFrames wal;
  // An exclusive lock keeps the index in memory of its own; asking would make the file.
  if (TextOf(locking) == "normal" && !at->file.read_only) wal = ReadWalFrames(at->db, at->schema);
  int64_t every = 0;
  status = ReadAutocheckpoint(at, &every);
  if (!status.ok()) return status;
  const int64_t pending = wal.frames - wal.copied;
  const int64_t most = 4 * (every > 0 ? every : kDefaultCheckpoint);
  const bool starved = wal.frames >= 0 && pending > most;
  if (wal.frames >= 0) {
    at->Add("checkpoint", starved ? Level::kWarn : Level::kOk,
            Format("%lld of %lld frames to copy", static_cast<long long>(pending),
                   static_cast<long long>(wal.frames)),
            Format("at most %lld", static_cast<long long>(most)),
            starved
                ? "a reader of an older state holds checkpoints back, or none are made: end long "
                  "transactions, then SELECT db_checkpoint('truncate')"
                : "");
  }
  const bool large = bytes > kMostWalBytes;
  at->Add("wal_size",
          !large    ? Level::kOk
          : starved ? Level::kInfo
                    : Level::kWarn,
          bytes, std::string("at most 10485760"),
          large ? "SELECT db_checkpoint('truncate') empties it; PRAGMA journal_size_limit keeps it "
                  "small"
                : "");
  return Status::Ok();
}

Status CheckVfs(Examined* at) {
  if (at->file.path.empty()) {
    at->Add("file", Level::kOk, std::string("in memory"));
    return Status::Ok();
  }
  constexpr std::array<std::string_view, 3> kEngines{"litestream", "dqlite", "libsql"};
  const bool managed = std::ranges::any_of(kEngines, [&](std::string_view engine) {
    return at->file.vfs.find(engine) != std::string::npos;
  });
  if (at->file.moved) {
    at->Add("file", Level::kError, at->file.path, std::string("where it was opened"),
            "the file was moved, deleted or replaced while it is open: what is written goes to the "
            "old one; close this connection and open it again");
    return Status::Ok();
  }
  at->Add("file", managed ? Level::kInfo : Level::kOk, at->file.path, {},
          managed ? "an engine manages this file: SELECT * FROM db_health('managed')" : "");
  return Status::Ok();
}

}  // namespace

std::span<const Check> FileChecks() {
  static constexpr std::array kChecks{
      Check{"file", Scope::kFile, CheckVfs},
      Check{"permissions", Scope::kFile, CheckPermissions},
      Check{"immutable", Scope::kFile, CheckImmutable},
      Check{"wal", Scope::kRead, CheckWal},
  };
  return kChecks;
}

}  // namespace vecgraph
