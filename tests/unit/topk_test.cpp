// scan/topk.h against sorting everything: limits around the borders between its ways of working,
// any order of arrival, ids, and that what takes long asks whether to stop.
#include "scan/topk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

// The library has this from its host; what is tested here calls nothing of SQLite.
const sqlite3_api_routines* sqlite3_api = nullptr;

namespace vecgraph {
namespace {

constexpr int64_t kAll = INT64_MAX;
constexpr int64_t kChunk = Hits::kChunk;

int GoOn() { return SQLITE_OK; }

// Hits with many equal distances.
std::vector<Hit> RandomHits(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Hit> hits(count);
  for (size_t i = 0; i < count; ++i) {
    hits[i] = {static_cast<double>(random() % (count / 4 + 1)), static_cast<int64_t>(i), nullptr};
  }
  std::shuffle(hits.begin(), hits.end(), random);
  return hits;
}

void AddAll(const std::vector<Hit>& hits, TopK* best) {
  for (const Hit& hit : hits) {
    if (best->Admits(hit.distance, hit.rowid)) best->Add(hit);
  }
}

std::vector<std::pair<double, int64_t>> Pairs(const Hits& hits) {
  std::vector<std::pair<double, int64_t>> pairs;
  for (size_t i = 0; i < hits.size(); ++i) pairs.emplace_back(hits[i].distance, hits[i].rowid);
  return pairs;
}

std::vector<std::pair<double, int64_t>> Best(std::vector<Hit> hits, int64_t limit) {
  std::sort(hits.begin(), hits.end());
  hits.resize(std::min<uint64_t>(hits.size(), static_cast<uint64_t>(limit)));
  std::vector<std::pair<double, int64_t>> pairs;
  for (const Hit& hit : hits) pairs.emplace_back(hit.distance, hit.rowid);
  return pairs;
}

const std::vector<int64_t>& Limits() {
  static const std::vector<int64_t> kLimits = {
      0,      1,          10,    31,  kChunk / 2 - 1, kChunk / 2, kChunk / 2 + 1, kChunk - 1,
      kChunk, kChunk + 1, 50000, kAll};
  return kLimits;
}

TEST(TopK, IsWhatSortingEverythingGives) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{1000}, size_t{16384}, size_t{300000}}) {
    const std::vector<Hit> random = RandomHits(count, count);
    std::vector<Hit> rising = random;
    std::sort(rising.begin(), rising.end());
    const std::vector<Hit> falling(rising.rbegin(), rising.rend());
    for (const int64_t limit : Limits()) {
      for (const std::vector<Hit>* hits : {&random, &std::as_const(rising), &falling}) {
        TopK best(limit);
        AddAll(*hits, &best);
        Hits found;
        ASSERT_TRUE(best.Take(GoOn, &found).ok());
        ASSERT_EQ(Pairs(found), Best(*hits, limit)) << count << " hits, limit " << limit;
        EXPECT_EQ(found.empty(), found.size() == 0);
      }
    }
  }
}

TEST(TopK, IsEmptyAfterTake) {
  for (const int64_t limit : Limits()) {
    TopK best(limit);
    for (int round = 0; round < 2; ++round) {
      AddAll(RandomHits(40000, 7), &best);
      Hits found;
      ASSERT_TRUE(best.Take(GoOn, &found).ok());
      EXPECT_EQ(Pairs(found), Best(RandomHits(40000, 7), limit));
    }
  }
}

TEST(TopK, AbsorbsOthersAndRankings) {
  const std::vector<Hit> hits = RandomHits(200000, 3);
  for (const int64_t limit : Limits()) {
    std::vector<TopK> parts;
    for (int p = 0; p < 3; ++p) parts.emplace_back(limit);
    for (size_t i = 0; i < hits.size(); ++i) {
      TopK& part = parts[i % 3];
      if (part.Admits(hits[i].distance, hits[i].rowid)) part.Add(hits[i]);
    }
    Hits ranking;
    ASSERT_TRUE(parts[2].Take(GoOn, &ranking).ok());
    TopK best(limit);
    best.Absorb(std::move(parts[0]));
    best.Absorb(std::move(ranking));
    best.Absorb(std::move(parts[1]));
    Hits found;
    ASSERT_TRUE(best.Take(GoOn, &found).ok());
    EXPECT_EQ(Pairs(found), Best(hits, limit)) << "limit " << limit;
  }
}

TEST(TopK, KeepsWhatIsAdmittedWithinItsBounds) {
  // Falling distances: every hit is admitted when it comes.
  for (const int64_t limit : {int64_t{20000}, int64_t{100000}}) {
    TopK best(limit);
    int64_t admitted = 0;
    for (int64_t i = 1000000; i > 0; --i) {
      if (!best.Admits(static_cast<double>(i), i)) continue;
      best.Add({static_cast<double>(i), i, nullptr});
      ++admitted;
    }
    EXPECT_EQ(admitted, 1000000);
    Hits found;
    ASSERT_TRUE(best.Take(GoOn, &found).ok());
    ASSERT_EQ(found.size(), static_cast<size_t>(limit));
    EXPECT_EQ(found[0].rowid, 1);
    EXPECT_EQ(found.back().rowid, limit);
  }
}

TEST(TopK, RejectsWhatIsBehindALargeLimit) {
  TopK best(20000);
  int64_t admitted = 0;
  for (int64_t i = 0; i < 1000000; ++i) {  // rising: the best come first
    if (!best.Admits(static_cast<double>(i), i)) continue;
    best.Add({static_cast<double>(i), i, nullptr});
    ++admitted;
  }
  EXPECT_LT(admitted, 100000);
}

TEST(TopK, ALongMergeAsksWhetherToStop) {
  int polls = 0;
  TopK best(kAll);
  AddAll(RandomHits(500000, 1), &best);
  Hits found;
  ASSERT_TRUE(best.Take([&] { return ++polls, SQLITE_OK; }, &found).ok());
  EXPECT_EQ(found.size(), 500000);
  // Once for every chunk of the result.
  EXPECT_EQ(polls, (500000 + kChunk - 1) / kChunk);
}

TEST(TopK, AMergeThatIsStoppedIsAnError) {
  for (const int after : {0, 1, 10}) {
    int polls = 0;
    TopK best(kAll);
    AddAll(RandomHits(500000, 1), &best);
    Hits found;
    const Status status =
        best.Take([&] { return polls++ == after ? SQLITE_INTERRUPT : SQLITE_OK; }, &found);
    EXPECT_EQ(status.code(), SQLITE_INTERRUPT);
    EXPECT_EQ(polls, after + 1);
    // And can go on with others.
    AddAll(RandomHits(100, 1), &best);
    ASSERT_TRUE(best.Take(GoOn, &found).ok());
    EXPECT_EQ(found.size(), 100);
  }
}

// An id in the form that a pool has it, without SQLite.
struct IntegerId : StoredId {
  explicit IntegerId(int64_t value) {
    type = SQLITE_INTEGER;
    integer = value;
  }
};

TEST(TopK, HitsKeepTheirIds) {
  const std::vector<Hit> hits = RandomHits(200000, 5);
  for (const int64_t limit : Limits()) {
    IdPool pool;
    TopK best(limit);
    for (const Hit& hit : hits) {
      if (!best.Admits(hit.distance, hit.rowid)) continue;
      const IntegerId id(hit.rowid * 3);
      best.Add({hit.distance, hit.rowid, pool.Add(&id)});
    }
    Hits found;
    ASSERT_TRUE(best.Take(GoOn, &found).ok());
    for (size_t i = 0; i < found.size(); ++i) {
      ASSERT_NE(found[i].id, nullptr);
      EXPECT_EQ(found[i].id->integer, found[i].rowid * 3);
    }
  }
}

TEST(IdPool, CopiesStayWhereTheyAre) {
  IdPool pool;
  std::vector<const StoredId*> ids;
  for (int64_t i = 0; i < 100000; ++i) {
    const IntegerId id(i);
    ids.push_back(pool.Add(&id));
  }
  EXPECT_EQ(pool.Add(static_cast<const StoredId*>(nullptr)), nullptr);
  EXPECT_EQ(pool.count(), 100000);
  const IdPool moved = std::move(pool);
  for (int64_t i = 0; i < 100000; ++i) ASSERT_EQ(ids[static_cast<size_t>(i)]->integer, i);
}

}  // namespace
}  // namespace vecgraph
