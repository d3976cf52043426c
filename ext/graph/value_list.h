// ValueRef: an SQL value that somebody else holds. ValueList: many of them, in little memory.
//
// Two values are the same, and one comes before another, as SQL's = and ORDER BY say without
// affinity and with BINARY collation: 1 is 1.0 and is not '1'. A list gives values back with the
// type that they had.
// Threads: changed by one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/statement.h"

namespace vecgraph {

class Stop;

struct ValueRef {
  int type = SQLITE_NULL;
  int64_t integer = 0;
  double real = 0;
  std::string_view bytes;  // of a text or blob
  bool ended = false;      // a byte 0 follows them

  static ValueRef Integer(int64_t integer) { return {SQLITE_INTEGER, integer, 0, {}, false}; }
  // What `value` holds, until that changes. Throws std::bad_alloc.
  static ValueRef Of(sqlite3_value* value);

  bool is_null() const { return type == SQLITE_NULL; }
  uint64_t Hash() const;
  void Result(sqlite3_context* ctx) const;
  void Bind(Statement* statement, int index) const;
  // For messages: a number as it is, 'text', a blob by its length.
  std::string Label() const;
};

// Negative, 0 or positive.
int Compare(const ValueRef& a, const ValueRef& b);

class ValueList {
 public:
  size_t size() const { return size_; }
  // Valid until the list changes.
  ValueRef operator[](size_t i) const {
    return form_ == Form::kMixed ? Mixed(i) : ValueRef::Integer(Integer(i));
  }
  bool all_integers() const { return form_ != Form::kMixed; }
  // REQUIRES: all_integers().
  int64_t Integer(size_t i) const {
    if (form_ == Form::kNarrow) return narrow_[i];
    return form_ == Form::kRun ? first_ + static_cast<int64_t>(i) : wide_[i];
  }
  // The smallest and the largest. REQUIRES: all_integers(), and there are some.
  void Range(int64_t* least, int64_t* most) const;
  // Says that value i is about to be read: it is fetched meanwhile.
  void Fetch(size_t i) const {
    if (form_ == Form::kNarrow) {
      __builtin_prefetch(&narrow_[i]);
    } else if (form_ != Form::kRun) {
      __builtin_prefetch(&wide_[i]);
    }
    if (form_ == Form::kMixed) __builtin_prefetch(&types_[i]);
  }
  // The same for the text of a value that has been fetched.
  void FetchText(size_t i) const {
    if (form_ == Form::kMixed && (types_[i] == SQLITE_TEXT || types_[i] == SQLITE_BLOB)) {
      __builtin_prefetch(text_.data() + wide_[i]);
    }
  }
  void Append(const ValueRef& value);
  void AppendInteger(int64_t integer) {
    if (form_ == Form::kNarrow && static_cast<uint64_t>(integer) <= UINT32_MAX) {
      narrow_.push_back(static_cast<uint32_t>(integer));
      ++size_;
    } else {
      AppendSlowly(integer);
    }
  }
  // How many are expected in all.
  void Reserve(size_t count) { expected_ = count; }
  // Replaces integers by numbers of 32 bits, in their place if that is so wide, and leaves the list
  // empty. REQUIRES: all_integers().
  template <class Number>
  std::vector<uint32_t> TakeNumbers(Number&& number) {
    if (form_ != Form::kNarrow) ReserveLarge(size_, &narrow_);
    if (form_ != Form::kNarrow) narrow_.resize(size_);
    for (size_t i = 0; i < size_; ++i) narrow_[i] = number(Integer(i));
    std::vector<uint32_t> numbers = std::move(narrow_);
    *this = ValueList();
    return numbers;
  }
  // Value places[i] as value i, for each i. An error: `stop` said so.
  Status Pick(std::vector<uint32_t> places, Stop* stop, ValueList* picked) const;
  void ShrinkToFit();
  int64_t bytes() const;

 private:
  // Integers that follow one another take no memory, small ones 4 bytes each, others 8. With other
  // types among them, `wide_` holds an integer, a real's bits, or a place in `text_`.
  enum class Form : uint8_t { kRun, kNarrow, kWide, kMixed };

  bool FitsNarrow() const;
  ValueRef Mixed(size_t i) const;
  void AppendSlowly(int64_t integer);
  void ChangeTo(Form form);

  Form form_ = Form::kRun;
  int64_t first_ = 0;
  std::vector<uint32_t> narrow_;
  std::vector<int64_t> wide_;
  std::vector<uint8_t> types_;
  std::string text_;  // each: 8 bytes of length, then the bytes and a 0
  size_t size_ = 0;
  size_t expected_ = 0;
};

}  // namespace vecgraph
