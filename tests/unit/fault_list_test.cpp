// scan/fault_list.h against a map, through random loads and changes.
#include "scan/fault_list.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "base/sqlite.h"

namespace vecgraph {
namespace {

constexpr int kBytes = 12;

using Oracle = std::map<int64_t, std::pair<int, int>>;

void ExpectSame(const FaultList& list, const Oracle& oracle) {
  FaultList::Counts counts;
  auto fault = list.all().begin();
  ASSERT_EQ(list.all().size(), oracle.size());
  for (const auto& [rowid, value] : oracle) {
    ASSERT_EQ(fault->rowid, rowid);
    ASSERT_EQ(fault->type, value.first);
    ASSERT_EQ(fault->bytes, value.second);
    ++fault;
    if (value.first == SQLITE_NULL) {
      ++counts.null;
    } else if (value.first != SQLITE_BLOB) {
      ++counts.type;
    } else {
      ++(value.second == kBytes ? counts.nonfinite : counts.length);
    }
  }
  EXPECT_EQ(list.counts().null, counts.null);
  EXPECT_EQ(list.counts().type, counts.type);
  EXPECT_EQ(list.counts().length, counts.length);
  EXPECT_EQ(list.counts().nonfinite, counts.nonfinite);
}

TEST(FaultList, HoldsWhatAMapHolds) {
  std::mt19937 random(3);
  const auto upto = [&](int most) { return static_cast<int>(random() % (most + 1)); };
  for (int round = 0; round < 300; ++round) {
    FaultList list(kBytes);
    Oracle oracle;
    const auto set = [&](int64_t rowid) {
      constexpr int kTypes[] = {SQLITE_NULL, SQLITE_TEXT, SQLITE_INTEGER, SQLITE_BLOB, SQLITE_BLOB};
      const int type = kTypes[upto(4)];
      const int bytes = type == SQLITE_BLOB ? 4 * upto(4) : 0;
      list.Set({rowid, type, bytes});
      oracle[rowid] = {type, bytes};
    };
    for (int64_t rowid = -upto(20), n = upto(60); n > 0; --n) set(rowid += 1 + upto(3));
    ExpectSame(list, oracle);
    for (int batch = upto(5); batch > 0; --batch) {
      for (int change = upto(30); change > 0; --change) {
        const int64_t rowid = upto(300) - 50;
        if (upto(2) == 0) {
          list.Remove(rowid);
          oracle.erase(rowid);
        } else {
          set(rowid);
        }
      }
      list.Merge();
      ExpectSame(list, oracle);
    }
    list.Clear();
    ExpectSame(list, {});
  }
}

}  // namespace
}  // namespace vecgraph
