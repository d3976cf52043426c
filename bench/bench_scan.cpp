// vec_topk against the least that any search through SQLite must do: stepping the same
// `SELECT rowid, embedding` and looking at each blob's address.
//
//   build/release/bench/bench_scan --benchmark_counters_tabular=true
//
// One iteration steps the rows, then searches them (top 10); both are timed apart, so that a change
// of the machine's speed hits both. Counters: medians in milliseconds, and `ratio`, the median of
// the ratios of the pairs. Nothing is kept in memory (`cache_mb` is 0): each search reads the
// table, as the first one of a connection does; bench_topk is about the others. `memory` is an
// in-memory database, `file` one on disk in the operating system's cache, read with SQLite's
// default settings.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

[[noreturn]] void Fail(const char* what, sqlite3* db) {
  std::fprintf(stderr, "bench_scan: %s: %s\n", what, sqlite3_errmsg(db));
  std::exit(1);
}

class Database {
 public:
  Database(const std::string& path, int rows, int dims) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Fail("open", db_);
    sqlite3_enable_load_extension(db_, 1);
    if (sqlite3_load_extension(db_, VECGRAPH_LIBRARY, nullptr, nullptr) != SQLITE_OK) {
      Fail("load", db_);
    }
    Run("SELECT vec_config('cache_mb', 0);"
        "BEGIN; CREATE TABLE nodes(id INTEGER PRIMARY KEY, embedding BLOB);");
    std::mt19937 random(42);
    std::normal_distribution<float> normal;
    std::vector<float> row(static_cast<size_t>(dims));
    sqlite3_stmt* insert = Prepare("INSERT INTO nodes(embedding) VALUES (?1)");
    for (int r = 0; r <= rows; ++r) {
      for (float& x : row) x = normal(random) / std::sqrt(static_cast<float>(dims));
      if (r == rows) break;  // the last one is the query
      sqlite3_bind_blob(insert, 1, row.data(), static_cast<int>(row.size() * sizeof(float)),
                        SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) Fail("insert", db_);
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    Run("COMMIT");
    query_ = row;
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(db_); }

  sqlite3_stmt* Prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      Fail(sql.c_str(), db_);
    }
    return statement;
  }

  // Steps all rows; what a C programmer would write who only wants to see each blob.
  double Step(sqlite3_stmt* statement) {
    return Milliseconds([&] {
      while (sqlite3_step(statement) == SQLITE_ROW) {
        benchmark::DoNotOptimize(sqlite3_column_int64(statement, 0));
        benchmark::DoNotOptimize(sqlite3_column_blob(statement, 1));
      }
      sqlite3_reset(statement);
    });
  }

  double Search(sqlite3_stmt* statement) {
    sqlite3_bind_blob(statement, 1, query_.data(), static_cast<int>(query_.size() * sizeof(float)),
                      SQLITE_STATIC);
    return Milliseconds([&] {
      int hits = 0;
      while (sqlite3_step(statement) == SQLITE_ROW) ++hits;
      if (hits != 10) Fail("search", db_);
      sqlite3_reset(statement);
    });
  }

 private:
  template <class Body>
  static double Milliseconds(Body body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
  }

  void Run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql, db_);
  }

  sqlite3* db_ = nullptr;
  std::vector<float> query_;
};

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void TopkOverStep(benchmark::State& state, const std::string& path, const std::string& metric) {
  std::remove(path.c_str());
  {
    Database database(path, static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    sqlite3_stmt* step = database.Prepare("SELECT rowid, embedding FROM nodes");
    sqlite3_stmt* topk = database.Prepare(
        "SELECT rowid, score FROM vec_topk('nodes', 'embedding', ?1, 10, '" + metric + "')");
    database.Step(step);
    database.Search(topk);
    std::vector<double> steps;
    std::vector<double> searches;
    std::vector<double> ratios;
    for (auto _ : state) {
      steps.push_back(database.Step(step));
      searches.push_back(database.Search(topk));
      ratios.push_back(searches.back() / steps.back());
      state.SetIterationTime(searches.back() / 1000);
    }
    state.counters["step_ms"] = Median(steps);
    state.counters["topk_ms"] = Median(searches);
    state.counters["ratio"] = Median(ratios);
    sqlite3_finalize(step);
    sqlite3_finalize(topk);
  }
  std::remove(path.c_str());
}

void Register() {
  for (const char* place : {"memory", "file"}) {
    for (const char* metric : {"dot", "cosine", "l2"}) {
      const std::string path = place == std::string("memory") ? ":memory:" : "bench_scan.db";
      benchmark::RegisterBenchmark(
          (std::string("topk/") + place + "/" + metric).c_str(),
          [=](benchmark::State& state) { TopkOverStep(state, path, metric); })
          ->Args({100000, 384})
          ->Args({100000, 768})
          ->ArgNames({"rows", "dims"})
          ->Iterations(15)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Register();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
