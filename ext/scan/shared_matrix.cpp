#include "scan/shared_matrix.h"

#include <atomic>
#include <unordered_map>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace vecgraph {
namespace {

int64_t ProcessId() {
#if defined(__unix__) || defined(__APPLE__)
  return getpid();
#else
  return 0;
#endif
}

// Never destroyed: connections may close after the library's own destructors have run.
struct Registry {
  explicit Registry(int64_t id) : process(id) {}

  const int64_t process;
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<SharedMatrix>> entries;
};

std::atomic<Registry*> registry{nullptr};

// A child of fork() may have its parent's lock without the thread that would release it.
Registry& RegistryOfProcess() {
  const int64_t process = ProcessId();
  Registry* current = registry.load(std::memory_order_acquire);
  while (!current || current->process != process) {
    auto* made = new Registry(process);
    if (registry.compare_exchange_strong(current, made, std::memory_order_acq_rel)) return *made;
    delete made;
  }
  return *current;
}

// Names a file however it was opened. Two files with one name would be told apart by their logs.
std::string FileId(const char* path) {
#if defined(__unix__) || defined(__APPLE__)
  struct stat status {};
  if (stat(path, &status) == 0) {
    return std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
  }
#endif
  return path;
}

}  // namespace

std::shared_ptr<SharedMatrix> FindShared(sqlite3* db, const Source& source, ElementType element,
                                         size_t dims) {
  const char* path = sqlite3_db_filename(db, source.schema.c_str());
  if (!path || !*path) return std::make_shared<SharedMatrix>();
  std::string key = FileId(path);
  for (const std::string& part :
       {source.name, source.column, std::string(NameOf(element)), std::to_string(dims)}) {
    key += '\0';
    key += part;
  }
  Registry& all = RegistryOfProcess();
  const std::lock_guard<std::mutex> lock(all.mutex);
  std::weak_ptr<SharedMatrix>& entry = all.entries[key];
  std::shared_ptr<SharedMatrix> shared = entry.lock();
  if (!shared) {
    std::erase_if(all.entries,
                  [&](const auto& pair) { return pair.first != key && pair.second.expired(); });
    shared = std::make_shared<SharedMatrix>();
    all.entries[key] = shared;
  }
  return shared;
}

}  // namespace vecgraph
