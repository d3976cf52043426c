// Writing: autocommit and transactions, batches and how long they hold the lock, 10,000 rows, what
// history costs, and replication.
#include <algorithm>
#include <random>

#include "bench_store.h"

namespace bench_store {
namespace {

constexpr size_t kDims = 384;

std::vector<float> Vector(std::mt19937* random) {
  std::normal_distribution<float> normal(0, 0.05F);
  std::vector<float> vector(kDims);
  for (float& x : vector) x = normal(*random);
  return vector;
}

// A database of a case, removed with the last copy of the case.
struct File {
  File(const std::string& name, Profile profile) : path(Fresh(name)), db(path, profile) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { Remove(path); }

  std::string path;
  Connection db;
  int64_t next = 0;
  std::mt19937 random{3};
};

// Users inserted one by one, or a thousand in a transaction.
void AddTransactions(const std::string& name, Profile profile, bool transaction, int rounds) {
  Add(name, rounds, [=]() -> Body {
    auto file = std::make_shared<File>("bench_store_transactions.db", profile);
    file->db.RunFile(WebAppFile());
    return [=] {
      Statement insert =
          file->db.Prepare("INSERT INTO users (email, password_hash) VALUES (?1, 'hash')");
      const double seconds = Seconds([&] {
        if (transaction) file->db.Run("BEGIN IMMEDIATE");
        for (int i = 0; i < 1000; ++i) {
          const std::string email = "user" + std::to_string(file->next++) + "@example.com";
          insert.Bind(1, email).Run();
        }
        if (transaction) file->db.Run("COMMIT");
      });
      return Round{seconds, 1000};
    };
  });
}

const char* const kNode =
    "INSERT INTO nodes (id, type, title, domain, layer, hash, meta, date, summary, embedding)"
    " VALUES (?1, 'note', 'A note', 'knowledge', 'experience', 'd41d8cd98f00b204', "
    "'{\"source\": \"notes/a.md\"}', '2026-01-01', 'A sentence about it.', ?2)";

void InsertNodes(File* file, Statement* insert, int64_t count, const std::vector<float>& vector) {
  for (int64_t i = 0; i < count; ++i) {
    const std::string id = "note-" + std::to_string(file->next++);
    insert->Bind(1, id).BindBlob(2, vector).Run();
  }
}

// 556 nodes with embeddings in batches. The counters say how long one held the lock: in the median,
// and at worst, which is the batch whose commit copies the log into the file.
void AddBatchSize(int64_t size) {
  Add("batch/" + std::to_string(size), 5, [=]() -> Body {
    auto file = std::make_shared<File>("bench_store_batch.db", Profile::kSix);
    Migrate(&file->db);
    return [=] {
      Statement insert = file->db.Prepare(kNode);
      const std::vector<float> vector = Vector(&file->random);
      std::vector<double> locks;
      Round round;
      round.operations = 556;
      round.seconds = Seconds([&] {
        for (int64_t done = 0; done < 556; done += size) {
          file->db.Run("BEGIN IMMEDIATE");
          locks.push_back(1000 * Seconds([&] {
                            InsertNodes(file.get(), &insert, std::min(size, 556 - done), vector);
                            file->db.Run("COMMIT");
                          }));
        }
      });
      round.extras = {{"lock_ms", Median(locks)},
                      {"longest_lock_ms", *std::max_element(locks.begin(), locks.end())}};
      return round;
    };
  });
}

const char* const kTrigger =
    "SELECT max(name) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'nodes'";

enum class Tables { kBare, kWithoutTriggers, kStore };

// 10,000 rows in one transaction: three columns in memory, or nodes with embeddings in a file.
void AddTenThousand(const std::string& name, Tables tables) {
  Add(name, 5, [=]() -> Body {
    const bool bare = tables == Tables::kBare;
    auto file = std::make_shared<File>(bare ? ":memory:" : "bench_store_insert.db", Profile::kSix);
    if (bare) {
      file->db.Run("CREATE TABLE t (id TEXT PRIMARY KEY, title TEXT, value REAL)");
    } else {
      Migrate(&file->db);
    }
    if (tables == Tables::kWithoutTriggers) {
      for (std::string name; !(name = file->db.Text(kTrigger)).empty();) {
        file->db.Run("DROP TRIGGER \"" + name + "\"");
      }
    }
    return [=] {
      Statement insert =
          file->db.Prepare(bare ? "INSERT INTO t VALUES (?1, 'A title', 0.5)" : kNode);
      const std::vector<float> vector = Vector(&file->random);
      const double seconds = Seconds([&] {
        file->db.Run("BEGIN IMMEDIATE");
        if (bare) {
          for (int i = 0; i < 10000; ++i) {
            const std::string id = "note-" + std::to_string(file->next++);
            insert.Bind(1, id).Run();
          }
        } else {
          InsertNodes(file.get(), &insert, 10000, vector);
        }
        file->db.Run("COMMIT");
      });
      return Round{seconds, 10000};
    };
  });
}

constexpr int64_t kNodes = 100000;

// 100,000 nodes with embeddings and 300,000 edges; made once, for all cases of replication.
class BigStore {
 public:
  BigStore() : path_(Fresh("bench_store_replicate.db")) {
    Connection db(path_);
    Migrate(&db);
    std::mt19937 random(5);
    db.Run("BEGIN IMMEDIATE");
    Statement node = db.Prepare(kNode);
    Statement edge =
        db.Prepare("INSERT INTO edges (source, target, type) VALUES (?1, ?2, 'cites')");
    for (int64_t i = 0; i < kNodes; ++i) {
      const std::string id = "note-" + std::to_string(i);
      const std::vector<float> vector = Vector(&random);
      node.Bind(1, id).BindBlob(2, vector).Run();
    }
    for (int64_t i = 0; i < kNodes; ++i) {
      const std::string from = "note-" + std::to_string(i);
      for (int64_t j = 1; j <= 3; ++j) {
        const std::string to = "note-" + std::to_string((i * 7 + j * 31) % kNodes);
        edge.Bind(1, from).Bind(2, to).Run();
      }
    }
    db.Run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  }
  BigStore(const BigStore&) = delete;
  BigStore& operator=(const BigStore&) = delete;
  ~BigStore() { Remove(path_); }

  static const std::string& Path() {
    static const BigStore made;
    return made.path_;
  }

 private:
  std::string path_;
};

// Runs of replicate.sql, each as a program makes them: the text of the file in a transaction.
class Replication {
 public:
  explicit Replication(const std::string& replica)
      : replica_(replica),
        db_(BigStore::Path()),
        update_(db_.Prepare("UPDATE nodes SET title = ?2, embedding = ?3 WHERE id = ?1")) {
    if (replica_ != ":memory:") Remove(replica_);
    db_.Run("ATTACH '" + replica_ + "' AS replica");
    if (replica_ != ":memory:") db_.Run("PRAGMA replica.journal_mode = WAL");
  }
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;
  ~Replication() { Remove(replica_); }

  double Copy() {
    return Seconds([&] {
      db_.Run("BEGIN");
      db_.RunFile(ReplicateFile());
      db_.Run("COMMIT");
    });
  }
  void Everything() { db_.Run("UPDATE replica.replica_state SET watermark = NULL"); }
  void Change(int count) {
    db_.Run("BEGIN IMMEDIATE");
    for (int i = 0; i < count; ++i) {
      const std::string id = "note-" + std::to_string(random_() % kNodes);
      const std::string title = "title " + std::to_string(random_());
      const std::vector<float> vector = Vector(&random_);
      update_.Bind(1, id).Bind(2, title).BindBlob(3, vector).Run();
    }
    db_.Run("COMMIT");
  }

 private:
  std::string replica_;
  Connection db_;
  Statement update_;
  std::mt19937 random_{9};
};

void AddReplication(const std::string& name, const std::string& replica, int changes, int rounds) {
  Add("replicate/" + name, rounds, [=]() -> Body {
    auto replication = std::make_shared<Replication>(replica);
    if (changes >= 0) replication->Copy();
    return [=] {
      if (changes > 0) replication->Change(changes);
      const Round round{replication->Copy(), std::max(changes, 1), {}};
      if (changes < 0) replication->Everything();
      return round;
    };
  });
}

}  // namespace

void AddWrites() {
  AddTransactions("transactions/autocommit", Profile::kSix, false, 5);
  AddTransactions("transactions/one", Profile::kSix, true, 15);
  AddTransactions("transactions/autocommit_default_settings", Profile::kNone, false, 3);
  AddTransactions("transactions/one_default_settings", Profile::kNone, true, 15);
  for (const int64_t size : {10, 30, 50}) AddBatchSize(size);
  AddTenThousand("insert_10000/bare_in_memory", Tables::kBare);
  AddTenThousand("insert_10000/nodes_without_triggers", Tables::kWithoutTriggers);
  AddTenThousand("insert_10000/nodes", Tables::kStore);
  AddReplication("full", ":memory:", -1, 3);
  AddReplication("nothing", ":memory:", 0, 101);
  AddReplication("10_in_memory", ":memory:", 10, 101);
  AddReplication("10_in_file", "bench_store_replica.db", 10, 101);
}

}  // namespace bench_store
