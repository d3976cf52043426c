#include "health/file.h"

#include <array>
#include <cstring>
#include <string_view>

#include "base/status.h"

namespace vecgraph {
namespace {

sqlite3_file* FileOf(sqlite3* db, const std::string& schema, int op) {
  sqlite3_file* file = nullptr;
  const int rc = sqlite3_file_control(db, schema.c_str(), op, &file);
  return rc == SQLITE_OK && file && file->pMethods ? file : nullptr;
}

int64_t SizeOf(sqlite3_file* file) {
  sqlite3_int64 bytes = 0;
  return file && file->pMethods->xFileSize(file, &bytes) == SQLITE_OK ? bytes : -1;
}

bool Access(sqlite3_vfs* vfs, const std::string& path, int flags, bool unknown) {
  int yes = 0;
  if (!vfs || !vfs->xAccess || vfs->xAccess(vfs, path.c_str(), flags, &yes) != SQLITE_OK) {
    return unknown;
  }
  return yes != 0;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

int64_t BigEndian(const unsigned char* bytes, int count) {
  int64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

DatabaseFile LookAtFile(sqlite3* db, const std::string& schema) {
  DatabaseFile file;
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(db, schema.c_str(), SQLITE_FCNTL_VFS_POINTER, &vfs);
  if (vfs && vfs->zName) file.vfs = vfs->zName;
  file.read_only = sqlite3_db_readonly(db, schema.c_str()) == 1;
  const char* name = sqlite3_db_filename(db, schema.c_str());
  if (!name || !*name) return file;
  file.path = name;
  file.immutable = sqlite3_uri_boolean(name, "immutable", 0) != 0;
  int moved = 0;
  if (sqlite3_file_control(db, schema.c_str(), SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK) {
    file.moved = moved != 0;
  }
  file.bytes = SizeOf(FileOf(db, schema, SQLITE_FCNTL_FILE_POINTER));
  file.writable = Access(vfs, file.path, SQLITE_ACCESS_READWRITE, true);
  file.folder_writable = Access(vfs, FolderOf(file.path), SQLITE_ACCESS_READWRITE, true);
  file.has_wal = Access(vfs, file.path + "-wal", SQLITE_ACCESS_EXISTS, false);
  file.has_shm = Access(vfs, file.path + "-shm", SQLITE_ACCESS_EXISTS, false);
  file.has_journal = Access(vfs, file.path + "-journal", SQLITE_ACCESS_EXISTS, false);
  if (file.has_shm) {
    file.shm_writable = Access(vfs, file.path + "-shm", SQLITE_ACCESS_READWRITE, true);
  }
  return file;
}

std::string HeaderFault(sqlite3* db, const std::string& schema) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  sqlite3_file* file = FileOf(db, schema, SQLITE_FCNTL_FILE_POINTER);
  const int64_t bytes = SizeOf(file);
  if (bytes <= 0) return {};
  std::array<unsigned char, 100> header{};
  if (bytes < static_cast<int64_t>(header.size())) {
    return Format("the file has %lld bytes, less than a header", static_cast<long long>(bytes));
  }
  if (file->pMethods->xRead(file, header.data(), header.size(), 0) != SQLITE_OK) {
    return "the header cannot be read from the disk";
  }
  if (std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) {
    return "it does not begin as a database of SQLite does: it is encrypted, or no database";
  }
  const int64_t field = BigEndian(header.data() + 16, 2);
  const int64_t page = field == 1 ? 65536 : field;
  const int64_t counted = BigEndian(header.data() + 28, 4) * page;
  if (counted > bytes) {
    return Format("truncated: the header counts %lld bytes, the file has %lld",
                  static_cast<long long>(counted), static_cast<long long>(bytes));
  }
  return {};
}

int64_t WalBytes(sqlite3* db, const std::string& schema) {
  return SizeOf(FileOf(db, schema, SQLITE_FCNTL_JOURNAL_POINTER));
}

WalFrames ReadWalFrames(sqlite3* db, const std::string& schema) {
  // The wal-index: its header twice, 48 bytes each, then the checkpoint's progress. All 32-bit
  // words, in the byte order of the machine.
  constexpr int kRegion = 32768;
  constexpr int kFrames = 4;
  constexpr int kCopied = 24;
  WalFrames found;
  sqlite3_file* file = FileOf(db, schema, SQLITE_FCNTL_FILE_POINTER);
  if (!file || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap) return found;
  void volatile* memory = nullptr;
  // Region 0 is mapped already; extending it is not asked for.
  const int rc = file->pMethods->xShmMap(file, 0, kRegion, 0, &memory);
  if (rc != SQLITE_OK || !memory) return found;
  const auto* words = static_cast<const volatile uint32_t*>(memory);
  found.frames = words[kFrames];
  found.copied = words[kCopied];
  return found;
}

}  // namespace vecgraph
