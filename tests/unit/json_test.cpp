// vector/json.h: what is a JSON vector, and the sentence for what is not.
#include "vector/json.h"
#include "base/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json_text.h"

namespace vecgraph {
namespace {

std::string Error(std::string_view text, ElementType type = ElementType::kFloat32) {
  Vector vector;
  return ParseJson(text, type, &vector).message();
}

float First(std::string_view text) {
  Vector vector;
  EXPECT_TRUE(ParseJson(text, ElementType::kFloat32, &vector).ok()) << text;
  return vector.view().Float(0);
}

TEST(ParseJson, ReadsNumbersOfTheGrammar) {
  for (const auto& [text, value] : {std::pair<const char*, double>{"[0]", 0},
                                    {"[-0.5]", -0.5},
                                    {"[1e3]", 1000},
                                    {"[1E+3]", 1000},
                                    {"[12.25e-1]", 1.225},
                                    {" \t\r\n[ 7 ] \n", 7},
                                    {"[16777217]", 16777216},  // rounds to float32
                                    {"[1e-46]", 0},
                                    {"[3.4028235e38]", std::numeric_limits<float>::max()}}) {
    EXPECT_EQ(First(text), static_cast<float>(value)) << text;
  }
  EXPECT_TRUE(std::signbit(First("[-0]")));
}

TEST(ParseJson, ANumberTooSmallForADoubleIsZero) {
  EXPECT_EQ(First("[1e-500]"), 0.0F);
  EXPECT_EQ(First("[1e-99999999999999999999]"), 0.0F);
  EXPECT_EQ(First("[0e999999]"), 0.0F);
  EXPECT_EQ(First("[0." + std::string(400, '0') + "1]"), 0.0F);
  EXPECT_EQ(First("[1" + std::string(400, '0') + "e-800]"), 0.0F);
  EXPECT_TRUE(std::signbit(First("[-1e-500]")));
}

TEST(ParseJson, ANumberTooLargeIsAnError) {
  EXPECT_EQ(Error("[1e39]"), "invalid float32 vector: element 0 is Inf");
  EXPECT_EQ(Error("[0,-1e39]"), "invalid float32 vector: element 1 is Inf");
  EXPECT_EQ(Error("[1e500]"), "JSON parsing error");
  EXPECT_EQ(Error("[1e99999999999999999999]"), "JSON parsing error");
  EXPECT_EQ(Error("[1" + std::string(400, '0') + "]"), "JSON parsing error");
  EXPECT_EQ(Error("[0.001e400]"), "JSON parsing error");
}

TEST(ParseJson, RefusesWhatIsNoJson) {
  for (const char* text :
       {"[1,,2]", "[1,2",    "[1,2] x", "[,1]",   "[1,]",   "[nan]", "[NaN]", "[inf]", "[0x10]",
        "[01]",   "[+1]",    "[.5]",    "[1.]",   "[1e]",   "[1e+]", "[-]",   "[--1]", "[1 2]",
        "['1']",  "[\"1\"]", "[[1]]",   "[null]", "[true]", "[1]]",  "[] 1",  "[1,2}"}) {
    EXPECT_EQ(Error(text), "JSON parsing error") << text;
  }
  EXPECT_EQ(Error(std::string_view("[1\0]", 4)), "JSON parsing error");
}

TEST(ParseJson, SaysWhatKindOfWrong) {
  EXPECT_EQ(Error("{}"), "JSON array parsing error: Input does not start with '['");
  EXPECT_EQ(Error(""), "zero-length vectors are not supported.");
  EXPECT_EQ(Error("[]"), "zero-length vectors are not supported.");
  EXPECT_EQ(Error(" [ "), "zero-length vectors are not supported.");
  EXPECT_EQ(Error("[128]", ElementType::kInt8), "JSON parsing error: value out of range for int8");
  EXPECT_EQ(Error("[99999999999999999999]", ElementType::kInt8),
            "JSON parsing error: value out of range for int8");
  EXPECT_EQ(Error("[1.5]", ElementType::kInt8), "JSON parsing error");
  EXPECT_EQ(Error("[-128,127]", ElementType::kInt8), "");
}

TEST(ToJson, WritesEveryType) {
  Vector vector;
  ASSERT_TRUE(ParseJson("[0.1234567,-1,1e-9]", ElementType::kFloat32, &vector).ok());
  EXPECT_EQ(ToJson(vector.view()), "[0.123457,-1.000000,0.000000]");
  ASSERT_TRUE(ParseJson("[-128,0,127]", ElementType::kInt8, &vector).ok());
  EXPECT_EQ(ToJson(vector.view()), "[-128,0,127]");
  Vector bits(ElementType::kBit, 8);
  bits.data[0] = 0x0f;
  EXPECT_EQ(ToJson(bits.view()), "[1,1,1,1,0,0,0,0]");
  Vector large(ElementType::kFloat32, 1);
  large.SetFloat(0, std::numeric_limits<float>::max());
  EXPECT_EQ(ToJson(large.view()), "[340282346638528859811704183484516925440.000000]");
  large.SetFloat(0, NAN);
  EXPECT_EQ(ToJson(large.view()), "[null]");
  large.SetFloat(0, -INFINITY);
  EXPECT_EQ(ToJson(large.view()), "[-Inf]");
}

TEST(JsonQuote, EscapesWhatMustBe) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n\t\r\x01\u00e9"), "\"a\\\"b\\\\c\\n\\t\\r\\u0001\u00e9\"");
}

}  // namespace
}  // namespace vecgraph
