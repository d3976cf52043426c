// The store beside the figures of the documents that it grew from. `make bench-store` runs it and
// prints the table of bench/bench_store_report.py; docs/bench_store.md has one with its conditions.
//
//   build/release/bench/bench_store --benchmark_filter=sweep
#include "bench_store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bench_store {

void Fail(const std::string& what, sqlite3* db) {
  std::fprintf(stderr, "bench_store: %.200s: %s\n", what.c_str(), sqlite3_errmsg(db));
  std::exit(1);
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Remove(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::remove((path + suffix).c_str());
}

std::string Fresh(const std::string& name) {
  Remove(name);
  return name;
}

Statement::Statement(sqlite3* db, std::string_view sql) {
  if (sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) !=
      SQLITE_OK) {
    Fail(std::string(sql), db);
  }
}

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::Bind(int index, std::string_view text) {
  sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::BindBlob(int index, const std::vector<float>& vector) {
  sqlite3_bind_blob(statement_, index, vector.data(),
                    static_cast<int>(vector.size() * sizeof(float)), SQLITE_STATIC);
  return *this;
}

int64_t Statement::Run() {
  int64_t rows = 0;
  int code = SQLITE_OK;
  while ((code = sqlite3_step(statement_)) == SQLITE_ROW) {
    benchmark::DoNotOptimize(sqlite3_column_text(statement_, 0));
    ++rows;
  }
  sqlite3_reset(statement_);
  if ((code & 0xFF) == SQLITE_BUSY) return -1;
  if (code != SQLITE_DONE) Fail(sqlite3_sql(statement_), sqlite3_db_handle(statement_));
  return rows;
}

Connection::Connection(const std::string& path, Profile profile) {
  if (sqlite3_open_v2(path.c_str(), &db_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK) {
    Fail(path, db_);
  }
  if (profile == Profile::kNone) return;
  Run("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
      "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY");
  Run(profile == Profile::kSix ? "PRAGMA cache_size = -20000"
                               : "PRAGMA cache_size = -64000; PRAGMA mmap_size = 268435456");
}

void Connection::Run(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql, db_);
}

void Connection::RunFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) Fail("cannot read " + path, db_);
  Run(text.str());
}

std::string Connection::Text(const std::string& sql) {
  std::string text;
  const auto keep = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) = values[0] ? values[0] : "";
    return 0;
  };
  if (sqlite3_exec(db_, sql.c_str(), keep, &text, nullptr) != SQLITE_OK) Fail(sql, db_);
  return text;
}

void Migrate(Connection* db) {
  std::istringstream names(VECGRAPH_MIGRATIONS);
  std::string name;
  db->Run("BEGIN IMMEDIATE");
  while (std::getline(names, name, '|')) db->RunFile(VECGRAPH_SQL "/migrations/" + name + ".sql");
  db->Run("COMMIT");
}

std::string WebAppFile() { return VECGRAPH_SQL "/examples/web_app.sql"; }
std::string ReplicateFile() { return VECGRAPH_SQL "/replicate/replicate.sql"; }

void Add(const std::string& name, int rounds, std::function<Body()> make) {
  const auto run = [make = std::move(make)](benchmark::State& state) {
    const Body body = make();
    body();
    std::vector<double> rates;
    std::vector<double> times;
    for (auto _ : state) {
      const Round round = body();
      rates.push_back(static_cast<double>(round.operations) / round.seconds);
      times.push_back(round.seconds * 1000);
      for (const auto& [counter, value] : round.extras) {
        benchmark::Counter& largest = state.counters[counter];
        largest = std::max(largest.value, value);
      }
      state.SetIterationTime(round.seconds);
    }
    state.counters["per_second"] = Median(rates);
    state.counters["ms"] = Median(times);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->Iterations(rounds)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace bench_store

int main(int argc, char** argv) {
  bench_store::AddSuites();
  bench_store::AddBatches();
  bench_store::AddWrites();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
