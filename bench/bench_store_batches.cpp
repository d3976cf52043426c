// Many rows with one statement, on the tables of sql/examples/web_app.sql: 10,000 users with 100
// items each. The ids of a round are random; building the JSON of a batch is part of its time.
#include <algorithm>
#include <charconv>
#include <random>

#include "bench_store.h"

namespace bench_store {
namespace {

constexpr int64_t kUsers = 10000;
constexpr int64_t kItems = 1000000;

// Made once, for all cases; removed at the end.
class WebApp {
 public:
  WebApp() : path_(Fresh("bench_store_batches.db")) {
    Connection db(path_, Profile::kReader);
    db.RunFile(WebAppFile());
    db.Run("BEGIN IMMEDIATE; CREATE INDEX by_user ON items (user_id)");
    Statement user = db.Prepare(
        "INSERT INTO users (email, password_hash, full_name) VALUES (?1, 'x', 'A name')");
    for (int64_t i = 1; i <= kUsers; ++i) {
      const std::string email = "user" + std::to_string(i) + "@example.org";
      user.Bind(1, email).Run();
    }
    std::mt19937_64 random(1);
    Statement item = db.Prepare(
        "INSERT INTO items (user_id, title, description, views)"
        " VALUES (?1, 'The title of an item', 'A sentence that describes the item.', ?2)");
    for (int64_t i = 0; i < kItems; ++i) {
      item.Bind(1, i % kUsers + 1).Bind(2, static_cast<int64_t>(random() % 100000)).Run();
    }
    db.Run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  }
  WebApp(const WebApp&) = delete;
  WebApp& operator=(const WebApp&) = delete;
  ~WebApp() { Remove(path_); }

  static const std::string& Path() {
    static const WebApp made;
    return made.path_;
  }

 private:
  std::string path_;
};

// A connection, some statements and random numbers.
struct Reader {
  explicit Reader(const std::vector<const char*>& sql) : db(WebApp::Path(), Profile::kReader) {
    for (const char* text : sql) statements.push_back(db.Prepare(text));
  }
  int64_t User() { return static_cast<int64_t>(random() % kUsers) + 1; }
  int64_t Item() { return static_cast<int64_t>(random() % kItems) + 1; }

  Connection db;
  std::vector<Statement> statements;
  std::mt19937_64 random{7};
};

using Step = std::function<int64_t(Reader*)>;

// Rounds of `times` steps; a step returns how many rows it looked up.
void AddReads(const std::string& name, std::vector<const char*> sql, int64_t times,
              const Step& step) {
  Add(name, 7, [=]() -> Body {
    auto reader = std::make_shared<Reader>(sql);
    return [=] {
      Round round;
      round.seconds = Seconds([&] {
        for (int64_t i = 0; i < times; ++i) round.operations += step(reader.get());
      });
      return round;
    };
  });
}

// A JSON array of `count` ids.
template <class Next>
const std::string& Ids(int64_t count, const Next& next) {
  static std::string json;
  json.assign(1, '[');
  char digits[24];
  for (int64_t i = 0; i < count; ++i) {
    json.append(digits, std::to_chars(digits, digits + sizeof digits, next()).ptr);
    json += ',';
  }
  json.back() = ']';
  return json;
}

int64_t Expect(int64_t found, int64_t expected) {
  if (found != expected) Fail("rows are missing", nullptr);
  return found;
}

void AddSweep() {
  for (const int64_t count : {1, 5, 10, 20, 50, 100, 200, 500, 1000}) {
    const int64_t times = std::max<int64_t>(20, 40000 / count);
    const std::string size = std::to_string(count);
    AddReads("sweep/single/" + size, {"SELECT title, views FROM items WHERE id = ?1"}, times,
             [=](Reader* reader) {
               for (int64_t i = 0; i < count; ++i) {
                 Expect(reader->statements[0].Bind(1, reader->Item()).Run(), 1);
               }
               return count;
             });
    AddReads("sweep/batch/" + size,
             {"SELECT i.title, i.views FROM json_each(?1) AS j JOIN items AS i ON i.id = j.value"},
             times, [=](Reader* reader) {
               const std::string& ids = Ids(count, [&] { return reader->Item(); });
               return Expect(reader->statements[0].Bind(1, ids).Run(), count);
             });
    // Of the newest tenth: 100,000 rows, which the processor's cache holds in part.
    AddReads("sweep/batch_of_100000/" + size,
             {"SELECT i.title, i.views FROM json_each(?1) AS j JOIN items AS i ON i.id = j.value"},
             times, [=](Reader* reader) {
               const std::string& ids =
                   Ids(count, [&] { return kItems - reader->Item() % 100000; });
               return Expect(reader->statements[0].Bind(1, ids).Run(), count);
             });
  }
}

void AddPatterns() {
  AddReads("prepared/once", {"SELECT full_name FROM users WHERE id = ?1"}, 40000,
           [](Reader* reader) { return reader->statements[0].Bind(1, reader->User()).Run(); });
  AddReads("prepared/each_time", {}, 20000, [](Reader* reader) {
    Statement select = reader->db.Prepare("SELECT full_name FROM users WHERE id = ?1");
    return select.Bind(1, reader->User()).Run();
  });

  // Five users and the titles of their items: six statements, two, or one.
  const char* const user = "SELECT email FROM users WHERE id = ?1";
  const char* const items = "SELECT title, views FROM items WHERE user_id = ?1";
  AddReads("related/n_plus_1", {user, items}, 1000, [](Reader* reader) {
    for (int i = 0; i < 5; ++i) {
      const int64_t id = reader->User();
      reader->statements[0].Bind(1, id).Run();
      Expect(reader->statements[1].Bind(1, id).Run(), 100);
    }
    return int64_t{5};
  });
  AddReads("related/in",
           {"SELECT email FROM users WHERE id IN (SELECT value FROM json_each(?1))",
            "SELECT user_id, title, views FROM items"
            " WHERE user_id IN (SELECT value FROM json_each(?1))"},
           1000, [](Reader* reader) {
             const std::string& ids = Ids(5, [&] { return reader->User(); });
             reader->statements[0].Bind(1, ids).Run();
             reader->statements[1].Bind(1, ids).Run();
             return int64_t{5};
           });
  AddReads("related/json",
           {"SELECT u.email, (SELECT json_group_array(json_object('title', i.title, 'views',"
            " i.views)) FROM items AS i WHERE i.user_id = u.id)"
            " FROM users AS u WHERE u.id IN (SELECT value FROM json_each(?1))"},
           1000, [](Reader* reader) {
             const std::string& ids = Ids(5, [&] { return reader->User(); });
             reader->statements[0].Bind(1, ids).Run();
             return int64_t{5};
           });
  // The same five users alone.
  AddReads("users/one_by_one", {user}, 4000, [](Reader* reader) {
    for (int i = 0; i < 5; ++i) reader->statements[0].Bind(1, reader->User()).Run();
    return int64_t{5};
  });
  AddReads("users/in", {"SELECT email FROM users WHERE id IN (?1, ?2, ?3, ?4, ?5)"}, 4000,
           [](Reader* reader) {
             for (int i = 1; i <= 5; ++i) reader->statements[0].Bind(i, reader->User());
             reader->statements[0].Run();
             return int64_t{5};
           });

  AddReads("index/plain",
           {"SELECT id, title, views FROM items INDEXED BY by_user"
            " WHERE user_id = ?1 ORDER BY views DESC"},
           1000, [](Reader* reader) {
             return Expect(reader->statements[0].Bind(1, reader->User()).Run(), 100) / 100;
           });
  AddReads("index/covering",
           {"SELECT id, title, views FROM items INDEXED BY idx_items_user_views"
            " WHERE user_id = ?1 ORDER BY views DESC"},
           1000, [](Reader* reader) {
             return Expect(reader->statements[0].Bind(1, reader->User()).Run(), 100) / 100;
           });

  AddReads("sums/computed",
           {"SELECT u.id, count(i.id), sum(i.views) FROM users AS u"
            " LEFT JOIN items AS i INDEXED BY by_user ON i.user_id = u.id WHERE u.id = ?1"
            " GROUP BY u.id"},
           1000,
           [](Reader* reader) { return reader->statements[0].Bind(1, reader->User()).Run(); });
  AddReads("sums/kept", {"SELECT * FROM user_stats WHERE user_id = ?1"}, 20000,
           [](Reader* reader) { return reader->statements[0].Bind(1, reader->User()).Run(); });
}

}  // namespace

void AddBatches() {
  AddSweep();
  AddPatterns();
}

}  // namespace bench_store
