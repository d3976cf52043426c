// vec_config(key)          a setting of this connection
// vec_config(key, value)   changes it and returns the new value
// vec_version()            'v' and the version
// vec_debug()              version, kernels and build, a line each
//
// keys: build (how the library was compiled, fixed), kernel (the CPU level that computes).
#include <array>
#include <string>

#include "base/value.h"
#include "kernel/choose.h"
#include "sqlapi/connection.h"
#include "sqlapi/guard.h"
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
    return Status::Error(Format("vec_config: unknown key '%.*s' (keys: build, kernel)",
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
