// vec_topk from memory: warm searches, filling, searches after a write, tracked tables.
//
//   build/release/bench/bench_topk --benchmark_filter=warm
//
// Every case is timed beside what it is measured by, one after the other in each iteration, so that
// a change of the machine's speed hits both; counters are medians.
//   plane_ms    reading as many bytes as the 8-bit codes take, from memory, with as many threads
//   step_ms     stepping `SELECT rowid, embedding`
//   ratio       the median of the ratios of the pairs
// The vectors are clustered (each is a cluster's centre, plus noise in 24 directions of the
// cluster, plus a little in all): iid random ones have no near neighbours. A database on disk is in
// the operating system's cache.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void Fail(const char* what, sqlite3* db) {
  std::fprintf(stderr, "bench_topk: %s: %s\n", what, sqlite3_errmsg(db));
  std::exit(1);
}

double Now() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

template <class Body>
double Milliseconds(const Body& body) {
  const double start = Now();
  body();
  return Now() - start;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Times of pairs, as counters.
class Pairs {
 public:
  void Add(double measured, double beside) {
    measured_.push_back(measured);
    beside_.push_back(beside);
    ratios_.push_back(measured / beside);
  }
  void Report(benchmark::State* state, const char* beside) const {
    state->counters["ms"] = Median(measured_);
    state->counters[beside] = Median(beside_);
    state->counters["ratio"] = Median(ratios_);
  }

 private:
  std::vector<double> measured_, beside_, ratios_;
};

// ---- data ---------------------------------------------------------------------------------------

class Clusters {
 public:
  explicit Clusters(int dims) : dims_(dims), centres_(kClusters * Directions(), Row()) {
    for (size_t i = 0; i < centres_.size(); ++i) {
      centres_[i].resize(static_cast<size_t>(dims));
      const float scale =
          i % Directions() == 0 ? 1.0F : 0.6F / std::sqrt(static_cast<float>(i % Directions()));
      for (float& x : centres_[i]) {
        x = scale * normal_(random_) / std::sqrt(static_cast<float>(dims));
      }
    }
  }

  std::vector<float> Next() {
    const size_t first = random_() % kClusters * Directions();
    std::vector<float> row = centres_[first];
    for (size_t d = 1; d < Directions(); ++d) {
      const float weight = normal_(random_);
      for (size_t i = 0; i < row.size(); ++i) row[i] += weight * centres_[first + d][i];
    }
    double norm = 0;
    for (float& x : row) {
      x += 0.3F * normal_(random_) / std::sqrt(static_cast<float>(dims_));
      norm += static_cast<double>(x) * static_cast<double>(x);
    }
    for (float& x : row) x = static_cast<float>(x / std::sqrt(norm));
    return row;
  }

 private:
  using Row = std::vector<float>;
  static constexpr size_t kClusters = 300;
  static constexpr size_t Directions() { return 25; }

  int dims_;
  std::mt19937 random_{42};
  std::normal_distribution<float> normal_;
  std::vector<Row> centres_;
};

class Database {
 public:
  Database(int64_t rows, int dims) : path_("bench_topk.db"), rows_(rows), dims_(dims) {
    Remove();
    Open();
    Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN;"
        "CREATE TABLE nodes(id INTEGER PRIMARY KEY, embedding BLOB);");
    Clusters clusters(dims);
    sqlite3_stmt* insert = Prepare("INSERT INTO nodes(embedding) VALUES (?1)");
    for (int64_t r = 0; r < rows; ++r) {
      const std::vector<float> row = clusters.Next();
      sqlite3_bind_blob(insert, 1, row.data(), static_cast<int>(row.size() * sizeof(float)),
                        SQLITE_TRANSIENT);
      if (sqlite3_step(insert) != SQLITE_DONE) Fail("insert", db_);
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    Run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    for (int q = 0; q < 64; ++q) queries_.push_back(clusters.Next());
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    Close();
    Remove();
  }

  void Open() {
    if (sqlite3_open(path_.c_str(), &db_) != SQLITE_OK) Fail("open", db_);
    sqlite3_enable_load_extension(db_, 1);
    if (sqlite3_load_extension(db_, VECGRAPH_LIBRARY, nullptr, nullptr) != SQLITE_OK) {
      Fail("load", db_);
    }
  }
  void Close() {
    for (sqlite3_stmt** statement : {&topk_, &step_, &touch_}) {
      sqlite3_finalize(*statement);
      *statement = nullptr;
    }
    sqlite3_close(db_);
    db_ = nullptr;
  }

  void Run(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      Fail(sql.c_str(), db_);
    }
  }

  // Milliseconds of one search, after the statement was prepared.
  double Search(const std::string& metric) {
    if (!topk_ || metric != metric_) {
      sqlite3_finalize(topk_);
      metric_ = metric;
      topk_ = Prepare("SELECT rowid, distance FROM vec_topk('nodes', 'embedding', ?1, 10, '" +
                      metric + "')");
    }
    const std::vector<float>& query = queries_[next_++ % queries_.size()];
    sqlite3_bind_blob(topk_, 1, query.data(), static_cast<int>(query.size() * sizeof(float)),
                      SQLITE_STATIC);
    return Milliseconds([&] {
      int hits = 0;
      while (sqlite3_step(topk_) == SQLITE_ROW) ++hits;
      if (hits != 10) Fail("search", db_);
      sqlite3_reset(topk_);
    });
  }

  double Step() {
    if (!step_) step_ = Prepare("SELECT rowid, embedding FROM nodes");
    return Milliseconds([&] {
      while (sqlite3_step(step_) == SQLITE_ROW) {
        benchmark::DoNotOptimize(sqlite3_column_int64(step_, 0));
        benchmark::DoNotOptimize(sqlite3_column_blob(step_, 1));
      }
      sqlite3_reset(step_);
    });
  }

  // Changes the vectors of some rows, in one transaction.
  void Write(int count) {
    if (!touch_) touch_ = Prepare("UPDATE nodes SET embedding = ?2 WHERE id = ?1");
    Run("BEGIN");
    for (int i = 0; i < count; ++i) {
      const std::vector<float>& row = queries_[next_++ % queries_.size()];
      sqlite3_bind_int64(touch_, 1,
                         static_cast<int64_t>(random_() % static_cast<uint64_t>(rows_)) + 1);
      sqlite3_bind_blob(touch_, 2, row.data(), static_cast<int>(row.size() * sizeof(float)),
                        SQLITE_STATIC);
      if (sqlite3_step(touch_) != SQLITE_DONE) Fail("write", db_);
      sqlite3_reset(touch_);
    }
    Run("COMMIT");
  }

  std::string Text(const std::string& sql) {
    sqlite3_stmt* statement = Prepare(sql);
    std::string text;
    if (sqlite3_step(statement) == SQLITE_ROW) {
      const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
      text = value ? value : "";
    }
    sqlite3_finalize(statement);
    return text;
  }

  void Track() {
    std::vector<std::string> statements;
    sqlite3_stmt* list = Prepare("SELECT sql FROM vec_track_sql('nodes', 'embedding')");
    while (sqlite3_step(list) == SQLITE_ROW) {
      statements.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(list, 0)));
    }
    sqlite3_finalize(list);
    for (const std::string& statement : statements) Run(statement);
  }

  size_t plane_bytes() const { return static_cast<size_t>(rows_) * static_cast<size_t>(dims_); }

 private:
  sqlite3_stmt* Prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      Fail(sql.c_str(), db_);
    }
    return statement;
  }
  void Remove() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path_ + suffix).c_str());
  }

  const std::string path_;
  const int64_t rows_;
  const int dims_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* topk_ = nullptr;
  sqlite3_stmt* step_ = nullptr;
  sqlite3_stmt* touch_ = nullptr;
  std::string metric_;
  std::vector<std::vector<float>> queries_;
  size_t next_ = 0;
  std::mt19937_64 random_{7};
};

// One database at a time: the cases are ordered by size.
Database& DatabaseOf(int64_t rows, int64_t dims) {
  static std::unique_ptr<Database> database;
  static int64_t shown_rows = 0;
  static int64_t shown_dims = 0;
  if (!database || rows != shown_rows || dims != shown_dims) {
    database.reset();
    database = std::make_unique<Database>(rows, static_cast<int>(dims));
    shown_rows = rows;
    shown_dims = dims;
  }
  return *database;
}

// ---- the memory ---------------------------------------------------------------------------------

// Reads `bytes` bytes with `threads` threads: what no search that looks at all of them can beat.
// The buffer is of that size, as a matrix is, and like it may stay in the processor's cache.
class Memory {
 public:
  explicit Memory(size_t bytes) : words_(bytes / sizeof(uint64_t) + 8, 1) {}

  // The threads have been started and spin when the clock starts.
  double Read(int threads) {
    const size_t part = words_.size() / static_cast<size_t>(threads) / 8 * 8;
    std::atomic<int> ready{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> helpers;
    for (int t = 1; t < threads; ++t) {
      helpers.emplace_back([&, t] {
        ready.fetch_add(1);
        while (!go.load()) {
        }
        Sum(words_.data() + static_cast<size_t>(t) * part, part);
        ready.fetch_sub(1);
      });
    }
    while (ready.load() < threads - 1) {
    }
    const double time = Milliseconds([&] {
      go.store(true);
      Sum(words_.data(), part);
      while (ready.load() > 0) {
      }
    });
    for (std::thread& helper : helpers) helper.join();
    return time;
  }

 private:
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  [[gnu::target_clones("avx512f", "avx2", "default")]]
#endif
  static void
  Sum(const uint64_t* words, size_t count) {
    uint64_t sums[32] = {};
    for (size_t i = 0; i + 32 <= count; i += 32) {
      for (size_t j = 0; j < 32; ++j) sums[j] ^= words[i + j];
    }
    for (const uint64_t sum : sums) benchmark::DoNotOptimize(sum);
  }

  std::vector<uint64_t> words_;
};

// ---- the cases ----------------------------------------------------------------------------------

void Warm(benchmark::State& state, const std::string& metric) {
  Database& database = DatabaseOf(state.range(0), state.range(1));
  const auto threads = static_cast<int>(state.range(2));
  database.Run("SELECT vec_config('threads', " + std::to_string(threads) + ")");
  for (int i = 0; i < 8; ++i) database.Search(metric);
  Memory memory(database.plane_bytes());
  memory.Read(threads);
  Pairs pairs;
  for (auto _ : state) {
    const double search = database.Search(metric);
    pairs.Add(search, memory.Read(threads));
    state.SetIterationTime(search / 1000);
  }
  pairs.Report(&state, "plane_ms");
  state.SetLabel(database.Text("SELECT tier || ', ' || survivors || ' scored' FROM vec_last_scan"));
}

// The first two searches of a connection: the one that streams, and the one that fills.
void Cold(benchmark::State& state, bool second) {
  Database& database = DatabaseOf(state.range(0), state.range(1));
  Pairs pairs;
  for (auto _ : state) {
    database.Close();
    database.Open();
    const double step = database.Step();
    double search = database.Search("cosine");
    if (second) search = database.Search("cosine");
    pairs.Add(search, step);
    state.SetIterationTime(search / 1000);
  }
  pairs.Report(&state, "step_ms");
}

// After a write: the search that streams, or the next one, which fills the matrix again.
void AfterWrite(benchmark::State& state, bool second) {
  Database& database = DatabaseOf(state.range(0), state.range(1));
  for (int i = 0; i < 8; ++i) database.Search("cosine");
  Pairs pairs;
  for (auto _ : state) {
    database.Write(1);
    const double step = database.Step();
    double search = database.Search("cosine");
    if (second) {
      search = database.Search("cosine");
      for (int i = 0; i < 3; ++i) database.Search("cosine");
    }
    pairs.Add(search, step);
    state.SetIterationTime(search / 1000);
  }
  pairs.Report(&state, "step_ms");
}

// A tracked table: the search after some rows were changed, beside one that finds nothing changed.
void Tracked(benchmark::State& state) {
  Database& database = DatabaseOf(state.range(0), state.range(1));
  database.Track();
  for (int i = 0; i < 8; ++i) database.Search("cosine");
  std::vector<double> refresh;
  Pairs pairs;
  for (auto _ : state) {
    const double warm = database.Search("cosine");
    database.Write(static_cast<int>(state.range(2)));
    const double search = database.Search("cosine");
    pairs.Add(search, warm);
    refresh.push_back(search - warm);
    state.SetIterationTime(search / 1000);
  }
  pairs.Report(&state, "warm_ms");
  state.counters["refresh_ms"] = Median(refresh);
}

void Register() {
  const std::vector<std::pair<int64_t, int64_t>> sizes = {
      {10000, 384}, {63666, 384}, {100000, 384}, {100000, 768}, {1000000, 384}};
  for (const auto& [rows, dims] : sizes) {
    const auto add = [&, rows = rows, dims = dims](const std::string& name, auto body,
                                                   std::vector<int64_t> more, const char* last,
                                                   int iterations) {
      std::vector<int64_t> arguments = {rows, dims};
      arguments.insert(arguments.end(), more.begin(), more.end());
      std::vector<std::string> names = {"rows", "dims"};
      if (!more.empty()) names.emplace_back(last);
      benchmark::RegisterBenchmark(name.c_str(), body)
          ->Args(arguments)
          ->ArgNames(names)
          ->Iterations(iterations)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    };
    const bool large = rows >= 1000000;
    for (const char* metric : {"dot", "cosine", "l2"}) {
      for (const int threads : {1, 2}) {
        add(
            std::string("warm/") + metric, [=](benchmark::State& state) { Warm(state, metric); },
            {threads}, "threads", large ? 41 : 201);
      }
    }
    add(
        "first", [](benchmark::State& state) { Cold(state, false); }, {}, "", large ? 5 : 11);
    add(
        "fill", [](benchmark::State& state) { Cold(state, true); }, {}, "", large ? 5 : 11);
    add(
        "write/stream", [](benchmark::State& state) { AfterWrite(state, false); }, {}, "",
        large ? 5 : 11);
    add(
        "write/fill", [](benchmark::State& state) { AfterWrite(state, true); }, {}, "",
        large ? 5 : 11);
    add(
        "tracked", [](benchmark::State& state) { Tracked(state); }, {100}, "changed",
        large ? 11 : 41);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Register();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
