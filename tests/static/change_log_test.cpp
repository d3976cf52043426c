// scan/change_log.h: the reader of a tracked table's log, in the connection that writes and in
// another. tests/test_track_triggers.py tests what is logged; here is what the reader makes of it.
#include "scan/change_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "scan/source.h"
#include "scan/track.h"

namespace vecgraph {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

// A connection, and the log of t.e as it sees it.
class Database {
 public:
  explicit Database(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
    Run("PRAGMA synchronous = OFF");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    log_.reset();
    EXPECT_EQ(sqlite3_close(db_), SQLITE_OK) << "a statement is left";
  }

  sqlite3* get() const { return db_; }
  int Try(const std::string& sql) {
    return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  void Run(const std::string& sql) { EXPECT_EQ(Try(sql), SQLITE_OK) << sql << sqlite3_errmsg(db_); }

  void Track(const std::string& table = "t") {
    Source source;
    std::vector<std::string> statements;
    ASSERT_TRUE(ResolveTable(db_, table, "e", &source).ok());
    ASSERT_TRUE(TrackStatements(db_, source, &statements).ok());
    for (const std::string& sql : statements) Run(sql);
  }

  bool Open(const std::string& table = "t") {
    Source source;
    bool tracked = false;
    log_ = std::make_unique<ChangeLog>();
    EXPECT_TRUE(ResolveTable(db_, table, "e", &source).ok());
    EXPECT_TRUE(ChangeLog::Open(db_, source, log_.get(), &tracked).ok());
    EXPECT_EQ(log_->tracked(), tracked);
    return tracked;
  }

  ChangeLog& log() { return *log_; }

  // Each within a read transaction, as a search has one.
  LogPosition Tail() {
    const Reading reading(this);
    LogPosition tail;
    EXPECT_TRUE(log_->Tail(&tail).ok());
    return tail;
  }

  // The rowids, or {-1} if the position does not lead here.
  std::vector<int64_t> Changes(const LogPosition& since, LogPosition* tail = nullptr,
                               int64_t most = kAll) {
    const Reading reading(this);
    bool chained = true;
    LogPosition end;
    std::vector<int64_t> rowids = {7};
    EXPECT_TRUE(log_->Changes(since, most, &chained, &rowids, &end).ok());
    if (tail) *tail = end;
    return chained ? rowids : std::vector<int64_t>{-1};
  }

 private:
  class Reading {
   public:
    explicit Reading(Database* database) : database_(database) { database_->Run("SAVEPOINT r"); }
    ~Reading() { database_->Run("RELEASE r"); }

   private:
    Database* database_;
  };

  sqlite3* db_ = nullptr;
  std::unique_ptr<ChangeLog> log_;
};

using Rowids = std::vector<int64_t>;
const Rowids kNotChained = {-1};
const char kTable[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, e BLOB);"
    "INSERT INTO t VALUES (1, 'a', x'01'), (2, 'b', x'02'), (3, 'c', x'03')";

class ChangeLogTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "change_log_" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
            std::to_string(getpid()) + ".db";
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::remove((path_ + suffix).c_str());
    }
    a_ = std::make_unique<Database>(path_);
    a_->Run("PRAGMA journal_mode = WAL");
    a_->Run(kTable);
    a_->Track();
    b_ = std::make_unique<Database>(path_);
    ASSERT_TRUE(a_->Open());
    ASSERT_TRUE(b_->Open());
  }
  void TearDown() override {
    a_.reset();
    b_.reset();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::remove((path_ + suffix).c_str());
    }
  }

  std::string path_;
  std::unique_ptr<Database> a_;
  std::unique_ptr<Database> b_;
};

TEST_F(ChangeLogTest, NothingChanged) {
  const LogPosition tail = a_->Tail();
  EXPECT_TRUE(tail.known());
  LogPosition end;
  EXPECT_EQ(a_->Changes(tail, &end), Rowids());
  EXPECT_EQ(end, tail);
  EXPECT_EQ(b_->Tail(), tail) << "a position means the same in every connection";
}

TEST_F(ChangeLogTest, MoreEventsThanWantedDoNotChain) {
  const LogPosition tail = a_->Tail();
  a_->Run("UPDATE t SET e = x'09'");
  EXPECT_EQ(a_->Changes(tail, nullptr, 2), kNotChained);
  EXPECT_EQ(a_->Changes(tail, nullptr, 3), Rowids({1, 2, 3}));
}

TEST_F(ChangeLogTest, ChangedRowsAreGivenOnce) {
  const LogPosition tail = a_->Tail();
  a_->Run("UPDATE t SET e = x'11' WHERE id > 1");
  a_->Run("UPDATE t SET e = x'12' WHERE id = 2");
  a_->Run("DELETE FROM t WHERE id = 3");
  a_->Run("INSERT INTO t (id) VALUES (9)");
  LogPosition end;
  EXPECT_EQ(a_->Changes(tail, &end), (Rowids{2, 3, 9}));
  EXPECT_EQ(b_->Changes(tail), (Rowids{2, 3, 9}));
  EXPECT_EQ(b_->Changes(end), Rowids());
  EXPECT_EQ(end, b_->Tail());
}

TEST_F(ChangeLogTest, ARolledBackPositionDoesNotChain) {
  const LogPosition before = a_->Tail();
  a_->Run("BEGIN; UPDATE t SET e = x'11' WHERE id = 1");
  const LogPosition within = a_->Tail();
  EXPECT_TRUE(within.known());
  EXPECT_EQ(a_->Changes(before), Rowids{1});
  EXPECT_EQ(b_->Changes(before), Rowids());
  EXPECT_EQ(b_->Changes(within), kNotChained);
  a_->Run("ROLLBACK");
  EXPECT_EQ(a_->Changes(within), kNotChained);
  EXPECT_EQ(a_->Changes(before), Rowids());
  a_->Run("UPDATE t SET e = x'22' WHERE id = 2");  // takes the seq that the rollback left
  EXPECT_EQ(a_->Tail().seq, within.seq);
  LogPosition end;
  EXPECT_EQ(a_->Changes(within, &end), kNotChained);
  EXPECT_EQ(end, a_->Tail());
  EXPECT_EQ(a_->Changes(before), Rowids{2});
}

TEST_F(ChangeLogTest, AnUnknownPositionDoesNotChain) {
  LogPosition end;
  EXPECT_EQ(a_->Changes(LogPosition(), &end), kNotChained);
  EXPECT_EQ(end, a_->Tail());
  LogPosition other = end;
  ++other.nonce;
  EXPECT_EQ(a_->Changes(other), kNotChained);
}

TEST_F(ChangeLogTest, ACompactedPositionDoesNotChain) {
  const LogPosition tail = a_->Tail();
  a_->Run("UPDATE t SET e = x'11'");
  const LogPosition end = a_->Tail();
  a_->Run("DELETE FROM _vec_log_t_e WHERE seq < (SELECT max(seq) FROM _vec_log_t_e)");
  EXPECT_EQ(a_->Changes(tail), kNotChained);
  EXPECT_EQ(a_->Changes(end), Rowids());
  a_->Run("DELETE FROM _vec_log_t_e");
  EXPECT_EQ(a_->Changes(end), kNotChained);
  EXPECT_FALSE(a_->Tail().known());
  a_->Run("UPDATE t SET e = x'12'");
  EXPECT_TRUE(a_->Tail().known());
}

TEST_F(ChangeLogTest, ARowWithoutRowidDoesNotChain) {
  const LogPosition tail = a_->Tail();
  a_->Run("INSERT INTO _vec_log_t_e (rid, nonce) VALUES (NULL, 1)");
  EXPECT_EQ(a_->Changes(tail), kNotChained);
  const LogPosition end = a_->Tail();
  EXPECT_EQ(a_->Changes(end), Rowids());
  a_->Run("INSERT INTO _vec_log_t_e (rid, nonce) VALUES ('x', 1)");
  EXPECT_EQ(a_->Changes(end), kNotChained);
}

TEST_F(ChangeLogTest, ALogThatRanOutOfNumbersIsNotUsed) {
  a_->Run("INSERT INTO _vec_log_t_e VALUES (9223372036854775807, 1, 1)");
  EXPECT_FALSE(a_->Tail().known());
}

TEST_F(ChangeLogTest, APositionOfAnotherSchemaDoesNotChain) {
  const LogPosition tail = a_->Tail();
  b_->Run("CREATE TABLE other (x)");
  LogPosition end;
  EXPECT_EQ(a_->Changes(tail, &end), kNotChained);
  EXPECT_TRUE(a_->log().tracked());
  EXPECT_EQ(a_->Changes(end), Rowids());
  b_->Run("VACUUM");
  EXPECT_EQ(a_->Changes(end), kNotChained);
}

TEST_F(ChangeLogTest, ItNoticesThatTrackingEnded) {
  for (const char* end :
       {"DROP TRIGGER _vec_t_e_before_delete", "CREATE UNIQUE INDEX u ON t (e)",
        "DROP TABLE _vec_log_t_e", "CREATE TRIGGER late AFTER INSERT ON t BEGIN SELECT 1; END"}) {
    a_->Run("DROP TABLE t");
    a_->Run(kTable);
    a_->Track();
    ASSERT_TRUE(b_->Open());
    const LogPosition tail = b_->Tail();
    EXPECT_TRUE(tail.known());
    a_->Run(end);
    EXPECT_EQ(b_->Changes(tail), kNotChained) << end;
    EXPECT_FALSE(b_->log().tracked());
    EXPECT_FALSE(b_->Tail().known());
    EXPECT_FALSE(b_->Open());
  }
}

TEST_F(ChangeLogTest, TheVersionOfARolledBackSchemaComesAgain) {
  a_->Run("BEGIN; CREATE TABLE other (x)");
  const LogPosition within = a_->Tail();
  EXPECT_TRUE(within.known());
  a_->Run("ROLLBACK; DROP TRIGGER _vec_t_e_before_update; UPDATE t SET e = x'77' WHERE id = 1");
  LogPosition end;
  EXPECT_EQ(a_->Changes(within, &end), kNotChained);
  EXPECT_FALSE(end.known());
  EXPECT_FALSE(a_->log().tracked());
}

// An SQL function that looks at the log while its statement is running.
struct Probe {
  ChangeLog* log = nullptr;
  LogPosition since;
  int known = 0;
  int calls = 0;

  static void Call(sqlite3_context* ctx, int, sqlite3_value**) {
    auto* probe = static_cast<Probe*>(sqlite3_user_data(ctx));
    LogPosition tail;
    LogPosition end;
    bool chained = false;
    std::vector<int64_t> rowids;
    EXPECT_TRUE(probe->log->Tail(&tail).ok());
    EXPECT_TRUE(probe->log->Changes(probe->since, kAll, &chained, &rowids, &end).ok());
    EXPECT_EQ(chained, tail.known());
    EXPECT_EQ(end, tail);
    probe->known += tail.known() ? 1 : 0;
    ++probe->calls;
    sqlite3_result_int(ctx, 1);
  }
};

TEST_F(ChangeLogTest, NoPositionIsKnownAmidAStatementThatWrites) {
  Probe probe;
  probe.log = &a_->log();
  probe.since = a_->Tail();
  sqlite3_create_function(a_->get(), "probe", 0, SQLITE_UTF8, &probe, Probe::Call, nullptr,
                          nullptr);
  a_->Run("SELECT probe() FROM t");
  EXPECT_EQ(probe.known, 3);
  a_->Run("BEGIN IMMEDIATE; SELECT probe() FROM t");
  EXPECT_EQ(probe.known, 6) << "within a transaction, but between statements";
  a_->Run("UPDATE t SET k = k || probe()");
  a_->Run("INSERT INTO t (e) SELECT probe()");
  a_->Run("CREATE TEMP TRIGGER look AFTER INSERT ON t BEGIN SELECT probe(); END");
  a_->Run("INSERT INTO t (e) VALUES (x'05')");
  EXPECT_EQ(probe.known, 6);
  EXPECT_EQ(probe.calls, 6 + 3 + 1 + 1);
  a_->Run("COMMIT");
  EXPECT_TRUE(a_->Tail().known());
}

TEST_F(ChangeLogTest, OpenLeavesAnUntrackedTableAlone) {
  a_->Run(
      "CREATE TABLE u (e); CREATE VIEW v AS SELECT e FROM t;"
      "CREATE TABLE w (k PRIMARY KEY, e) WITHOUT ROWID");
  for (const char* name : {"u", "v", "w"}) {
    EXPECT_FALSE(a_->Open(name));
    EXPECT_FALSE(a_->Tail().known());
    EXPECT_EQ(a_->Changes(LogPosition()), kNotChained);
  }
}

TEST_F(ChangeLogTest, OpenLeavesAQueryAlone) {
  Source source;
  ChangeLog log;
  bool tracked = true;
  ASSERT_TRUE(ResolveQuery(a_->get(), "SELECT e FROM t", "e", &source).ok());
  EXPECT_TRUE(ChangeLog::Open(a_->get(), source, &log, &tracked).ok());
  EXPECT_FALSE(tracked);
}

TEST_F(ChangeLogTest, SchemasOtherThanMain) {
  a_->Run("ATTACH ':memory:' AS \"a b\"; CREATE TABLE \"a b\".t (e)");
  a_->Run("CREATE TEMP TABLE t (e)");
  for (const char* name : {"a b.t", "temp.t"}) {
    a_->Track(name);
    ASSERT_TRUE(a_->Open(name));
    const LogPosition tail = a_->Tail();
    EXPECT_TRUE(tail.known());
    a_->Run("INSERT INTO main.t (id) VALUES (NULL)");
    EXPECT_EQ(a_->Changes(tail), Rowids());
    a_->Run(std::string("INSERT INTO ") + (name[0] == 'a' ? "\"a b\".t" : "temp.t") +
            " VALUES (1)");
    EXPECT_EQ(a_->Changes(tail), Rowids{1});
  }
}

// Two connections write at random; each keeps a copy of the table through its log.
TEST_F(ChangeLogTest, ACopyThatFollowsTheLogIsTheTable) {
  std::mt19937 random(20240607);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  struct Copy {
    LogPosition position;
    std::map<int64_t, std::string> rows;
  };
  Copy copies[2];
  Database* databases[2] = {a_.get(), b_.get()};
  int followed = 0;
  const auto read = [](Database* database, const std::string& where) {
    std::map<int64_t, std::string> rows;
    Statement statement;
    EXPECT_TRUE(statement.Prepare(database->get(), "SELECT id, e FROM t " + where).ok());
    while (statement.Step() == SQLITE_ROW) rows[statement.Int(0)] = statement.Text(1);
    return rows;
  };
  for (int step = 0; step < 8000; ++step) {
    const int which = pick(2);
    Database* database = databases[which];
    const std::string id = std::to_string(pick(12));
    const char* keys[] = {"'a'", "'b'", "'c'", "'d'", "'e'", "'f'"};
    const std::string k = keys[pick(6)];
    const std::string e = std::to_string(pick(100));
    const char* conflicts[] = {"", "OR REPLACE", "OR IGNORE", "OR FAIL", "OR ROLLBACK"};
    const std::string conflict = conflicts[pick(5)];
    const char* control[] = {"BEGIN",       "BEGIN IMMEDIATE", "COMMIT",       "ROLLBACK",
                             "SAVEPOINT s", "COMMIT",          "ROLLBACK TO s"};
    switch (pick(8)) {
      case 0:
      case 1:
        database->Try("INSERT " + conflict + " INTO t VALUES (" + id + "," + k + "," + e + ")");
        break;
      case 2:
        database->Try("UPDATE " + conflict + " t SET id = " + id + ", e = " + e +
                      " WHERE k = " + k);
        break;
      case 3:
        database->Try("UPDATE " + conflict + " t SET k = " + k + " WHERE id = " + id);
        break;
      case 4:
        database->Try("DELETE FROM t WHERE id = " + id);
        break;
      case 5:
        database->Try(control[pick(7)]);
        break;
      default: {
        Copy& copy = copies[which];
        if (database->Try("SAVEPOINT c; SELECT 1 FROM t") != SQLITE_OK) break;
        bool chained = false;
        std::vector<int64_t> rowids;
        LogPosition tail;
        ASSERT_TRUE(database->log().Changes(copy.position, kAll, &chained, &rowids, &tail).ok());
        ASSERT_TRUE(tail.known());
        if (!chained) copy.rows = read(database, "");
        for (const int64_t rowid : rowids) {
          copy.rows.erase(rowid);
          copy.rows.merge(read(database, "WHERE id = " + std::to_string(rowid)));
        }
        followed += chained && !rowids.empty() ? 1 : 0;
        copy.position = tail;
        EXPECT_EQ(copy.rows, read(database, "")) << "at step " << step;
        database->Run("RELEASE c");
      }
    }
  }
  for (Database* database : databases) database->Try("ROLLBACK");
  EXPECT_GT(followed, 400);
}

}  // namespace
}  // namespace vecgraph
