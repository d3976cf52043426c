// vec_config(key)          a setting of this connection
// vec_config(key, value)   changes it and returns the new value
// vec_version()            'v' and the version
// vec_debug()              version, kernels and build, a line each
//
// keys
//   build      how the library was compiled; fixed
//   kernel     the CPU level that computes
//   cache_mb   how many MiB the vectors and graphs may take that this connection keeps in memory (a
//              quarter of the machine's memory unless set); 0 keeps none
//   threads    how many threads may search one matrix (1 to 64; as many as there are processors,
//              at most 4, unless set)
#include <array>
#include <string>

#include "base/value.h"
#include "kernel/choose.h"
#include "sqlapi/connection.h"
#include "sqlapi/guard.h"
#include "sqlapi/options.h"
#include "sqlapi/registry.h"

namespace vecgraph {
namespace {

#if defined(__clang__)
constexpr const char* kBuild =
    "vecgraph " VECGRAPH_VERSION ", clang " __clang_version__ ", SQLite header " SQLITE_VERSION;
#else
constexpr const char* kBuild =
    "vecgraph " VECGRAPH_VERSION ", gcc " __VERSION__ ", SQLite header " SQLITE_VERSION;
#endif

void ResultText(sqlite3_context* ctx, const std::string& text) {
  sqlite3_result_text64(ctx, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

Status SetKernel(Connection* connection, std::string_view name) {
  const KernelTable* kernel = FindKernel(name);
  if (!kernel) {
    return Status::Error(Format("vec_config: no kernel '%.*s' on this CPU (there are %s)",
                                static_cast<int>(name.size()), name.data(), KernelNames().c_str()));
  }
  connection->kernel = kernel;
  return Status::Ok();
}

// Reads the new value of a setting that is a number from `least` to `most`.
Status ReadNumber(const char* key, sqlite3_value* value, int64_t least, int64_t most,
                  int64_t* number) {
  if (ReadCount(value, number) && *number >= least && *number <= most) return Status::Ok();
  const int type = sqlite3_value_type(value);
  const bool shown = type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_TEXT;
  const std::string_view text = shown ? TextOf(value) : std::string_view(TypeNameOf(type));
  return Status::Error(Format("vec_config: %s must be an integer from %lld to %lld, found %.*s",
                              key, static_cast<long long>(least), static_cast<long long>(most),
                              static_cast<int>(text.size()), text.data()));
}

Status CacheMegabytes(sqlite3_context* ctx, Connection* connection, sqlite3_value* value) {
  constexpr int64_t kMegabyte = 1 << 20;
  if (value) {
    int64_t megabytes = 0;
    Status status = ReadNumber("cache_mb", value, 0, int64_t{1} << 30, &megabytes);
    if (!status.ok()) return status;
    connection->cache.SetCap(megabytes * kMegabyte);
    connection->graphs.Trim();
  }
  sqlite3_result_int64(ctx, connection->cache.memory().cap() / kMegabyte);
  return Status::Ok();
}

Status Threads(sqlite3_context* ctx, Connection* connection, sqlite3_value* value) {
  if (value) {
    int64_t threads = 0;
    Status status = ReadNumber("threads", value, 1, kMostThreads, &threads);
    if (!status.ok()) return status;
    connection->threads = static_cast<int>(threads);
  }
  sqlite3_result_int(ctx, connection->threads);
  return Status::Ok();
}

void vec_config(sqlite3_context* ctx, int argc, sqlite3_value** argv) {
  GuardFunction(ctx, [&] {
    Connection& connection = ConnectionOf(ctx);
    const std::string_view key = TextOf(argv[0]);
    const bool set = argc == 2;
    if (key == "kernel") {
      Status status = set ? SetKernel(&connection, TextOf(argv[1])) : Status::Ok();
      if (status.ok()) ResultText(ctx, connection.kernel->name);
      return status;
    }
    if (key == "build") {
      if (set) return Status::Error("vec_config: 'build' cannot be changed");
      ResultText(ctx, kBuild);
      return Status::Ok();
    }
    if (key == "cache_mb") return CacheMegabytes(ctx, &connection, set ? argv[1] : nullptr);
    if (key == "threads") return Threads(ctx, &connection, set ? argv[1] : nullptr);
    return Status::Error(
        Format("vec_config: unknown key '%.*s' (keys: build, kernel, cache_mb, threads)",
               static_cast<int>(key.size()), key.data()));
  });
}

void vec_version(sqlite3_context* ctx, int, sqlite3_value**) {
  sqlite3_result_text(ctx, "v" VECGRAPH_VERSION, -1, SQLITE_STATIC);
}

void vec_debug(sqlite3_context* ctx, int, sqlite3_value**) {
  GuardFunction(ctx, [&] {
    ResultText(ctx, std::string("Version: v" VECGRAPH_VERSION "\nKernel: ") +
                        ConnectionOf(ctx).kernel->name + "\nKernels: " + KernelNames() +
                        "\nBuild: " + kBuild);
    return Status::Ok();
  });
}

}  // namespace

std::span<const FunctionDef> VecConfigFunctions() {
  static const std::array<FunctionDef, 4> kFunctions{{
      {"vec_version", 0, kPure, true, vec_version},
      {"vec_debug", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, true, vec_debug},
      {"vec_config", 1, kDirect, false, vec_config},
      {"vec_config", 2, kDirect, false, vec_config},
  }};
  return kFunctions;
}

}  // namespace vecgraph
