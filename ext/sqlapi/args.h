// Arguments: SQL values as vectors, by the contract that sqlite-vec's users know.
//
// A vector is a BLOB (float32 little endian unless its subtype says int8 or bit) or a JSON array.
// Blobs are viewed in place. JSON is parsed once: per statement when the argument is constant, and
// once per distinct text in a row otherwise.
#pragma once

#include <memory>
#include <string>

#include "base/sqlite.h"
#include "base/status.h"
#include "vector/vector.h"

namespace vecgraph {

struct VectorArg {
  VectorView view;
  std::shared_ptr<const Vector> parsed;  // keeps the view of a JSON argument alive
};

// Whether a float32 blob is searched for NaN and Inf now, or the caller sees to it.
enum class Finite { kCheck, kLater };

// Reads argument `index` as a vector of the type that its subtype names.
Status ReadVector(sqlite3_context* ctx, sqlite3_value** argv, int index, Finite finite,
                  VectorArg* arg);

// Reads argument `index` as a vector of this type, whatever its subtype.
Status ReadVectorAs(sqlite3_context* ctx, sqlite3_value** argv, int index, ElementType type,
                    Finite finite, VectorArg* arg);

struct VectorPair {
  VectorArg a;
  VectorArg b;
};

// Reads two vectors of one type and dimension from the first two arguments.
Status ReadPair(sqlite3_context* ctx, sqlite3_value** argv, Finite finite, VectorPair* pair);

// The error of the first of the two that holds NaN or Inf.
Status CheckFinitePair(const VectorPair& pair);

// Reads argument `index` of an aggregate's step as a vector of the type that its subtype names.
// JSON is parsed each time: SQLite would keep what is parsed from one row for the next.
Status ReadRowVector(sqlite3_value** argv, int index, Finite finite, VectorArg* arg);

// The element type that the subtype of `value` names; false if it names none of ours.
bool TypeOfSubtype(unsigned subtype, ElementType* type);

// The value of a BLOB or JSON text as a vector of `type`, outside of a function call. A blob stays
// borrowed from `value`.
Status DecodeVector(sqlite3_value* value, ElementType type, Finite finite, VectorArg* arg);

// Returns a vector with the subtype of its type.
void ResultVector(sqlite3_context* ctx, const VectorView& view);

}  // namespace vecgraph
