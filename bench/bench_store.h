// What the parts of bench_store share: connections, statements, rounds and the two databases.
//
// A case is a round of some thousand operations, repeated; its counters are medians of the rounds:
//   per_second  operations per second
//   ms          milliseconds of a round
// and of others the largest.
// Times are of the C API with statements prepared once, unless a case says otherwise. The databases
// are files in the working directory, in the operating system's cache.
#pragma once

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench_store {

[[noreturn]] void Fail(const std::string& what, sqlite3* db);

double Median(std::vector<double> values);

template <class Body>
double Seconds(const Body& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A file name without the files of its database.
std::string Fresh(const std::string& name);
void Remove(const std::string& path);

class Statement {
 public:
  Statement(sqlite3* db, std::string_view sql);
  Statement(Statement&& other) noexcept : statement_(other.statement_) {
    other.statement_ = nullptr;
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, std::string_view text);  // the text must outlive the step
  Statement& BindBlob(int index, const std::vector<float>& vector);

  // Runs it to its end, looking at the first column of each row, and returns how many rows it gave.
  // SQLITE_BUSY is returned as -1, any other error ends the program.
  int64_t Run();

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// The settings of a connection; none leaves SQLite's.
enum class Profile { kNone, kSix, kReader };

class Connection {
 public:
  explicit Connection(const std::string& path, Profile profile = Profile::kSix);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { sqlite3_close(db_); }

  void Run(const std::string& sql);
  void RunFile(const std::string& path);
  std::string Text(const std::string& sql);  // the first column of the first row
  Statement Prepare(std::string_view sql) { return {db_, sql}; }

 private:
  sqlite3* db_ = nullptr;
};

// Applies the migrations of the store.
void Migrate(Connection* db);
// sql/examples/web_app.sql.
std::string WebAppFile();
std::string ReplicateFile();

struct Round {
  double seconds = 0;
  int64_t operations = 0;
  std::vector<std::pair<const char*, double>> extras = {};  // further counters
};
using Body = std::function<Round()>;

// `make` prepares a case and returns what a round does; the first round is not counted.
void Add(const std::string& name, int rounds, std::function<Body()> make);

void AddSuites();
void AddBatches();
void AddWrites();

}  // namespace bench_store
