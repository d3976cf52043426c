// vector/exact_sum.h against sums in 128-bit and long double, in any order, with rows taken out.
#include "vector/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace vecgraph {
namespace {

Vector Row(std::initializer_list<float> values) {
  Vector row(ElementType::kFloat32, values.size());
  size_t i = 0;
  for (const float value : values) row.SetFloat(i++, value);
  return row;
}

void AddAll(const std::vector<float>& values, ExactSum* sum) {
  for (const float value : values) ASSERT_TRUE(sum->Add(Row({value}).view()).ok());
}

// Values of every size: from denormals to near FLT_MAX.
std::vector<float> Wild(unsigned seed, size_t n) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> mantissa(-1, 1);
  std::uniform_int_distribution<int> exponent(-148, 120);
  std::vector<float> values(n);
  for (float& value : values) value = std::ldexp(mantissa(random), exponent(random));
  return values;
}

TEST(ExactSum, CancelsWithoutATrace) {
  ExactSum sum;
  AddAll({1e30F, 1.0F, 1e-30F, -1e30F}, &sum);
  EXPECT_EQ(sum.Element(0), 1.0 + static_cast<double>(1e-30F));
  AddAll({-1.0F}, &sum);
  EXPECT_EQ(sum.Element(0), static_cast<double>(1e-30F));
}

TEST(ExactSum, APlainDoubleSumWouldLoseIt) {  // the control of the test above
  double sum = 0;
  for (const float value : {1e30F, 1.0F, 1e-30F, -1e30F, -1.0F}) sum += static_cast<double>(value);
  EXPECT_NE(sum, static_cast<double>(1e-30F));
}

TEST(ExactSum, DoesNotDependOnTheOrder) {
  std::vector<float> values = Wild(1, 500);
  ExactSum first;
  AddAll(values, &first);
  std::mt19937 random(2);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    ExactSum again;
    AddAll(values, &again);
    ASSERT_EQ(again.Element(0), first.Element(0));
  }
}

TEST(ExactSum, TakingRowsOutLeavesTheSumOfTheOthers) {
  const std::vector<float> kept = Wild(3, 50);
  const std::vector<float> gone = Wild(4, 300);
  ExactSum expected;
  AddAll(kept, &expected);
  ExactSum sum;
  AddAll(gone, &sum);
  AddAll(kept, &sum);
  for (const float value : gone) sum.Remove(Row({value}).view());
  EXPECT_EQ(sum.Element(0), expected.Element(0));
  EXPECT_EQ(sum.count(), 50);
}

TEST(ExactSum, AgreesWithLongDoubleWhereThatIsExact) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(-1, 1);
  ExactSum sum;
  long double expected = 0;
  for (int i = 0; i < 5000; ++i) {
    const float value = uniform(random);
    expected += static_cast<long double>(value);
    AddAll({value}, &sum);
  }
  EXPECT_EQ(static_cast<float>(sum.Element(0)), static_cast<float>(expected));
}

TEST(ExactSum, HoldsTheSmallestAndTheLargest) {
  ExactSum sum;
  const float denormal = std::ldexp(1.0F, -149);
  AddAll({denormal, 3.4028235e38F, denormal, 3.4028235e38F, -3.4028235e38F, -3.4028235e38F}, &sum);
  EXPECT_EQ(sum.Element(0), 2 * static_cast<double>(denormal));
  ExactSum large;
  for (int i = 0; i < 1000; ++i) AddAll({3.4028235e38F}, &large);
  EXPECT_EQ(large.Element(0), 1000 * static_cast<double>(3.4028235e38F));
}

TEST(ExactSum, RefusesAnotherDimensionUntilItIsEmpty) {
  ExactSum sum;
  ASSERT_TRUE(sum.Add(Row({1, 2}).view()).ok());
  EXPECT_EQ(sum.Add(Row({1, 2, 3}).view()).message(),
            "a vector has 3 dimensions, the ones before it have 2");
  sum.Remove(Row({1, 2}).view());
  EXPECT_TRUE(sum.Add(Row({1, 2, 3}).view()).ok());
}

TEST(ExactSum, TakesInt8) {
  Vector row(ElementType::kInt8, 3);
  row.data = {static_cast<uint8_t>(-128), 127, 0};
  ExactSum sum;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(sum.Add(row.view()).ok());
  EXPECT_EQ(sum.Element(0), -384);
  EXPECT_EQ(sum.Element(1), 381);
  EXPECT_EQ(sum.Element(2), 0);
}

TEST(ExactSum, SumsEveryElementOfALongRow) {
  const std::vector<float> values = Wild(6, 777);
  Vector row(ElementType::kFloat32, values.size());
  for (size_t i = 0; i < values.size(); ++i) row.SetFloat(i, values[i]);
  ExactSum sum;
  ASSERT_TRUE(sum.Add(row.view()).ok());
  ASSERT_TRUE(sum.Add(row.view()).ok());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(sum.Element(i), 2 * static_cast<double>(values[i])) << i;
  }
}

}  // namespace
}  // namespace vecgraph
