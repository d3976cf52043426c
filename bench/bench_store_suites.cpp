// The four suites: sequential reads, sequential writes, reads by ten threads, and reads and writes
// mixed by ten threads. Each as it was measured then, with a connection of its own for every
// operation ("reopened"), and with connections that stay open.
#include <atomic>
#include <optional>
#include <random>
#include <thread>

#include "bench_store.h"

namespace bench_store {
namespace {

constexpr int64_t kTopics = 1000;
constexpr int kThreads = 10;

const char* const kRead = "SELECT title, summary, meta FROM nodes WHERE id = ?1";
const char* const kWrite =
    "INSERT INTO nodes (id, type, title, domain, summary, meta) VALUES"
    " (?1, 'topic', 'A topic', 'research', 'A sentence or two about it.', '{\"priority\": 3}')";

std::string Topic(int64_t number) { return "topic-" + std::to_string(number); }

// A store of a thousand topics, removed with the last copy of the case that uses it.
class Store {
 public:
  Store() : path_(Fresh("bench_store_suites.db")) {
    Connection db(path_);
    Migrate(&db);
    db.Run("BEGIN IMMEDIATE");
    Statement insert = db.Prepare(kWrite);
    for (int64_t i = 0; i < kTopics; ++i) {
      const std::string id = Topic(i);
      insert.Bind(1, id).Run();
    }
    db.Run("COMMIT");
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { Remove(path_); }

  const std::string& path() const { return path_; }
  std::string NewTopic() { return Topic(kTopics + written_.fetch_add(1)); }
  std::atomic<int64_t> busy{0};

 private:
  std::string path_;
  std::atomic<int64_t> written_{0};
};

// An open connection. Statements are prepared when they are first needed: one that writes a node
// takes longer to prepare, with the triggers of the store, than to run.
class Client {
 public:
  explicit Client(Store* store) : store_(store), db_(store->path()) {}

  void Read(int64_t number) {
    if (!read_) read_.emplace(db_.Prepare(kRead));
    const std::string id = Topic(number % kTopics);
    Count(read_->Bind(1, id).Run());
  }
  void Write() {
    if (!write_) {
      begin_.emplace(db_.Prepare("BEGIN IMMEDIATE"));
      write_.emplace(db_.Prepare(kWrite));
      commit_.emplace(db_.Prepare("COMMIT"));
    }
    const std::string id = store_->NewTopic();
    if (!Count(begin_->Run())) return;
    Count(write_->Bind(1, id).Run());
    Count(commit_->Run());
  }

 private:
  bool Count(int64_t result) {
    if (result < 0) store_->busy.fetch_add(1);
    return result >= 0;
  }

  Store* store_;
  Connection db_;
  std::optional<Statement> read_, begin_, write_, commit_;
};

// What one operation does: even ones read if `reads`, odd ones write if `writes`.
struct Mix {
  bool reads;
  bool writes;
};

void Operate(Client* client, Mix mix, int64_t number) {
  if (mix.writes && (!mix.reads || number % 2)) {
    client->Write();
  } else {
    client->Read(number / (mix.writes ? 2 : 1) * 7919);
  }
}

// One thread's share of a round.
void Work(Store* store, Mix mix, bool reopen, int64_t operations) {
  if (reopen) {
    for (int64_t i = 0; i < operations; ++i) {
      Client client(store);
      Operate(&client, mix, i);
    }
    return;
  }
  Client client(store);
  for (int64_t i = 0; i < operations; ++i) Operate(&client, mix, i);
}

void AddSuite(const std::string& name, Mix mix, bool reopen, int threads, int64_t operations,
              int rounds) {
  Add(name + (reopen ? "/reopened" : "/open"), rounds, [=]() -> Body {
    auto store = std::make_shared<Store>();
    return [=] {
      Round round;
      round.operations = operations;
      round.seconds = Seconds([&] {
        std::vector<std::thread> helpers;
        for (int t = 1; t < threads; ++t) {
          helpers.emplace_back(Work, store.get(), mix, reopen, operations / threads);
        }
        Work(store.get(), mix, reopen, operations / threads);
        for (std::thread& helper : helpers) helper.join();
      });
      round.extras = {{"busy", static_cast<double>(store->busy.load())}};
      return round;
    };
  });
}

}  // namespace

void AddSuites() {
  constexpr Mix kReads{true, false};
  constexpr Mix kWrites{false, true};
  constexpr Mix kMixed{true, true};
  AddSuite("suite/reads", kReads, true, 1, 1000, 3);
  AddSuite("suite/reads", kReads, false, 1, 100000, 7);
  AddSuite("suite/writes", kWrites, true, 1, 1000, 3);
  AddSuite("suite/writes", kWrites, false, 1, 10000, 5);
  AddSuite("suite/reads_10_threads", kReads, true, kThreads, 1000, 3);
  AddSuite("suite/reads_10_threads", kReads, false, kThreads, 100000, 5);
  AddSuite("suite/mixed_10_threads", kMixed, true, kThreads, 1000, 3);
  AddSuite("suite/mixed_10_threads", kMixed, false, kThreads, 100000, 3);
}

}  // namespace bench_store
