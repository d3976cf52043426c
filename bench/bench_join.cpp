// vec_join for 1,000 left rows against 1,000 searches by vec_topk that are answered from memory.
//
//   build/release/bench/bench_join --benchmark_counters_tabular=true
//
// One iteration runs the 1,000 searches, then the join (top 10, one thread); both are timed apart,
// so that a change of the machine's speed hits both. Counters: medians in milliseconds per query,
// and `ratio`, the median of the ratios of the pairs. `normal` are random directions, which have no
// near neighbours; `clustered` ones lie around 1,000 centers, as embeddings of text do.
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

constexpr int kQueries = 1000;
constexpr int kHits = 10;

[[noreturn]] void Fail(const char* what, sqlite3* db) {
  std::fprintf(stderr, "bench_join: %s: %s\n", what, sqlite3_errmsg(db));
  std::exit(1);
}

class Database {
 public:
  Database(int rows, int dims, bool clustered) {
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) Fail("open", db_);
    sqlite3_enable_load_extension(db_, 1);
    if (sqlite3_load_extension(db_, VECGRAPH_LIBRARY, nullptr, nullptr) != SQLITE_OK) {
      Fail("load", db_);
    }
    Run("SELECT vec_config('threads', 1); BEGIN;"
        "CREATE TABLE nodes(id INTEGER PRIMARY KEY, embedding BLOB);"
        "CREATE TABLE questions(id INTEGER PRIMARY KEY, embedding BLOB);");
    std::mt19937 random(42);
    std::normal_distribution<float> normal;
    const auto d = static_cast<size_t>(dims);
    std::vector<std::vector<float>> centers(clustered ? 1000 : 0, std::vector<float>(d));
    for (auto& center : centers) {
      for (float& x : center) x = normal(random);
    }
    std::vector<float> row(d);
    const auto fill = [&](const char* sql, int count) {
      sqlite3_stmt* insert = Prepare(sql);
      for (int r = 0; r < count; ++r) {
        for (float& x : row) x = normal(random) * (clustered ? 0.6F : 1.0F);
        if (clustered) {
          const std::vector<float>& center = centers[random() % centers.size()];
          for (size_t i = 0; i < d; ++i) row[i] += center[i];
        }
        float squares = 0;
        for (const float x : row) squares += x * x;
        for (float& x : row) x /= std::sqrt(squares);
        sqlite3_bind_blob(insert, 1, row.data(), static_cast<int>(d * sizeof(float)),
                          SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) Fail("insert", db_);
        sqlite3_reset(insert);
        if (count == kQueries) queries_.push_back(row);
      }
      sqlite3_finalize(insert);
    };
    fill("INSERT INTO nodes(embedding) VALUES (?1)", rows);
    fill("INSERT INTO questions(embedding) VALUES (?1)", kQueries);
    Run("COMMIT");
    topk_ = Prepare("SELECT rowid, score FROM vec_topk('nodes', 'embedding', ?1, 10)");
    join_ = Prepare(
        "SELECT left_rowid, id, score "
        "FROM vec_join('questions', 'embedding', 'nodes', 'embedding', 10)");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    sqlite3_finalize(topk_);
    sqlite3_finalize(join_);
    sqlite3_close(db_);
  }

  double Search() {
    return Milliseconds([&] {
      for (const std::vector<float>& query : queries_) {
        sqlite3_bind_blob(topk_, 1, query.data(), static_cast<int>(query.size() * sizeof(float)),
                          SQLITE_STATIC);
        if (Step(topk_) != kHits) Fail("vec_topk", db_);
      }
    });
  }
  double Join() {
    return Milliseconds([&] {
      if (Step(join_) != kHits * kQueries) Fail("vec_join", db_);
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

  static int Step(sqlite3_stmt* statement) {
    int rows = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) ++rows;
    sqlite3_reset(statement);
    return rows;
  }

  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) Fail(sql, db_);
    return statement;
  }

  void Run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql, db_);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* topk_ = nullptr;
  sqlite3_stmt* join_ = nullptr;
  std::vector<std::vector<float>> queries_;
};

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void JoinOverSearch(benchmark::State& state, bool clustered) {
  Database database(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), clustered);
  database.Join();  // fills the memory
  std::vector<double> searches;
  std::vector<double> joins;
  std::vector<double> ratios;
  for (auto _ : state) {
    searches.push_back(database.Search() / kQueries);
    joins.push_back(database.Join() / kQueries);
    ratios.push_back(searches.back() / joins.back());
    state.SetIterationTime(joins.back() * kQueries / 1000);
  }
  state.counters["topk_ms"] = Median(searches);
  state.counters["join_ms"] = Median(joins);
  state.counters["ratio"] = Median(ratios);
}

void Register() {
  for (const bool clustered : {false, true}) {
    benchmark::RegisterBenchmark(clustered ? "join/clustered" : "join/normal",
                                 [=](benchmark::State& state) { JoinOverSearch(state, clustered); })
        ->Args({100000, 384})
        ->Args({100000, 768})
        ->ArgNames({"rows", "dims"})
        ->Iterations(5)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
