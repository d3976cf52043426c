// base/status.h: what a Status holds, and the limits of Format.
#include "base/status.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace vecgraph {
namespace {

TEST(Status, OkHoldsNothing) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), 0);
  EXPECT_EQ(status.message(), "");
}

TEST(Status, AnErrorKeepsItsCodeAndMessage) {
  const Status error = Status::Error("vec_dot: dimensions differ (3 and 4)");
  EXPECT_FALSE(error.ok());
  EXPECT_EQ(error.code(), 1);
  EXPECT_EQ(error.message(), "vec_dot: dimensions differ (3 and 4)");
  EXPECT_EQ(Status::Code(19, "constraint").code(), 19);
}

TEST(Status, MovingLeavesAnOkStatus) {
  Status from = Status::Error("x");
  const Status to = std::move(from);
  EXPECT_EQ(to.message(), "x");
  EXPECT_TRUE(from.ok());
}

TEST(Format, WritesLikePrintf) {
  EXPECT_EQ(Format("%s: %d and %zu", "dims", -3, size_t{4}), "dims: -3 and 4");
  EXPECT_EQ(Format("%s", ""), "");
}

TEST(Format, CutsWhatIsLongerThanItsBuffer) {
  EXPECT_EQ(Format("%s", std::string(1999, 'a').c_str()), std::string(1999, 'a'));
  EXPECT_EQ(Format("%s", std::string(5000, 'a').c_str()), std::string(1999, 'a'));
}

}  // namespace
}  // namespace vecgraph
