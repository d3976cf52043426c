#include "graph/value_list.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "base/value.h"
#include "graph/stop.h"

namespace vecgraph {
namespace {

// Values are fetched so many steps before they are needed.
constexpr size_t kAhead = 24;

int Sign(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

// An integer beside a real that is no whole int64.
int CompareMixed(int64_t integer, double real) {
  // Such a real is beyond every int64, or has a fraction and then is small enough for the
  // conversion to keep the order.
  if (real >= 9223372036854775808.0) return -1;
  if (real < -9223372036854775808.0) return 1;
  const auto number = static_cast<double>(integer);
  return Sign(number<real, number> real);
}

int CompareNumbers(const ValueRef& a, const ValueRef& b) {
  int64_t x = a.integer;
  int64_t y = b.integer;
  const bool whole_a = a.type == SQLITE_INTEGER || ToInteger(a.real, &x);
  const bool whole_b = b.type == SQLITE_INTEGER || ToInteger(b.real, &y);
  if (whole_a && whole_b) return Sign(x<y, x> y);
  if (whole_a) return CompareMixed(x, b.real);
  if (whole_b) return -CompareMixed(y, a.real);
  return Sign(a.real<b.real, a.real> b.real);
}

// NULL, numbers, text, blobs.
int ClassOf(int type) {
  switch (type) {
    case SQLITE_NULL:
      return 0;
    case SQLITE_TEXT:
      return 2;
    case SQLITE_BLOB:
      return 3;
    default:
      return 1;
  }
}

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
  return x ^ (x >> 32);
}

}  // namespace

ValueRef ValueRef::Of(sqlite3_value* value) {
  ValueRef ref;
  ref.type = sqlite3_value_type(value);
  switch (ref.type) {
    case SQLITE_INTEGER:
      ref.integer = sqlite3_value_int64(value);
      break;
    case SQLITE_FLOAT:
      ref.real = sqlite3_value_double(value);
      break;
    case SQLITE_TEXT:
      ref.bytes = TextOf(value);
      break;
    case SQLITE_BLOB:
      ref.bytes = BlobOf(value);
      break;
    default:
      break;
  }
  return ref;
}

uint64_t ValueRef::Hash() const {
  int64_t whole = integer;
  if (type == SQLITE_INTEGER || (type == SQLITE_FLOAT && ToInteger(real, &whole))) {
    return Mix(static_cast<uint64_t>(whole));
  }
  uint64_t bits = 0;
  if (type == SQLITE_FLOAT) {
    std::memcpy(&bits, &real, sizeof bits);
  } else {
    bits = std::hash<std::string_view>()(bytes);
  }
  return Mix(bits + static_cast<uint64_t>(type));
}

void ValueRef::Result(sqlite3_context* ctx) const {
  switch (type) {
    case SQLITE_INTEGER:
      sqlite3_result_int64(ctx, integer);
      break;
    case SQLITE_FLOAT:
      sqlite3_result_double(ctx, real);
      break;
    case SQLITE_TEXT:
      // A reader wants a 0 at its end. SQLite copies one along if it finds the end by it; else it
      // moves the text once more to add one, which took longer than all the rest of a row.
      if (ended && bytes.find('\0') == std::string_view::npos) {
        sqlite3_result_text(ctx, bytes.data(), -1, SQLITE_TRANSIENT);
      } else {
        sqlite3_result_text64(ctx, bytes.data(), bytes.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      }
      break;
    case SQLITE_BLOB:
      // An empty blob is not NULL.
      sqlite3_result_blob64(ctx, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_TRANSIENT);
      break;
    default:
      sqlite3_result_null(ctx);
  }
}

void ValueRef::Bind(Statement* statement, int index) const {
  switch (type) {
    case SQLITE_INTEGER:
      statement->BindInt(index, integer);
      break;
    case SQLITE_FLOAT:
      statement->BindReal(index, real);
      break;
    case SQLITE_TEXT:
      statement->BindText(index, bytes);
      break;
    case SQLITE_BLOB:
      statement->BindBlob(index, bytes.empty() ? std::string_view("") : bytes);
      break;
    default:
      statement->BindValue(index, nullptr);
  }
}

std::string ValueRef::Label() const {
  switch (type) {
    case SQLITE_INTEGER:
      return Format("%lld", static_cast<long long>(integer));
    case SQLITE_FLOAT:
      return Format("%.15g", real);
    case SQLITE_TEXT:
      return Format("'%.*s'", static_cast<int>(bytes.size()), bytes.data());
    case SQLITE_BLOB:
      return Format("a blob of %zu bytes", bytes.size());
    default:
      return "NULL";
  }
}

int Compare(const ValueRef& a, const ValueRef& b) {
  const int x = ClassOf(a.type);
  const int y = ClassOf(b.type);
  if (x != y) return Sign(x<y, x> y);
  if (x == 0) return 0;
  return x == 1 ? CompareNumbers(a, b) : a.bytes.compare(b.bytes);
}

ValueRef ValueList::Mixed(size_t i) const {
  ValueRef value;
  value.type = types_[i];
  if (value.type == SQLITE_INTEGER) {
    value.integer = wide_[i];
  } else if (value.type == SQLITE_FLOAT) {
    std::memcpy(&value.real, &wide_[i], sizeof value.real);
  } else if (!value.is_null()) {
    const char* const at = text_.data() + wide_[i];
    uint64_t length = 0;
    std::memcpy(&length, at, sizeof length);
    value.bytes = {at + sizeof length, length};
    value.ended = true;
  }
  return value;
}

void ValueList::Range(int64_t* least, int64_t* most) const {
  if (form_ == Form::kNarrow) {
    const auto [low, high] = std::minmax_element(narrow_.begin(), narrow_.end());
    *least = *low;
    *most = *high;
  } else if (form_ == Form::kRun) {
    *least = first_;
    *most = Integer(size_ - 1);
  } else {
    const auto [low, high] = std::minmax_element(wide_.begin(), wide_.end());
    *least = *low;
    *most = *high;
  }
}

void ValueList::AppendSlowly(int64_t integer) {
  constexpr int64_t kNarrowest = std::numeric_limits<uint32_t>::max();
  if (form_ == Form::kRun) {
    if (size_ == 0) first_ = integer;
    // A run that stays below 2^62 cannot overflow.
    if (integer < int64_t{1} << 62 && integer == first_ + static_cast<int64_t>(size_)) {
      ++size_;
      return;
    }
    ChangeTo(FitsNarrow() && integer >= 0 && integer <= kNarrowest ? Form::kNarrow : Form::kWide);
  } else if (form_ == Form::kNarrow && (integer < 0 || integer > kNarrowest)) {
    ChangeTo(Form::kWide);
  }
  if (form_ == Form::kNarrow) {
    narrow_.push_back(static_cast<uint32_t>(integer));
  } else {
    wide_.push_back(integer);
    if (form_ == Form::kMixed) types_.push_back(SQLITE_INTEGER);
  }
  ++size_;
}

void ValueList::Append(const ValueRef& value) {
  if (value.type == SQLITE_INTEGER) return AppendInteger(value.integer);
  if (form_ != Form::kMixed) ChangeTo(Form::kMixed);
  int64_t word = 0;
  if (value.type == SQLITE_FLOAT) {
    std::memcpy(&word, &value.real, sizeof word);
  } else if (!value.is_null()) {
    word = static_cast<int64_t>(text_.size());
    const uint64_t length = value.bytes.size();
    text_.append(reinterpret_cast<const char*>(&length), sizeof length).append(value.bytes);
    text_.push_back('\0');
  }
  types_.push_back(static_cast<uint8_t>(value.type));
  wide_.push_back(word);
  ++size_;
}

// Moves what there is to a form that takes more.
void ValueList::ChangeTo(Form form) {
  const size_t count = std::max(expected_, size_ + 16);
  if (form == Form::kNarrow) {
    ReserveLarge(count, &narrow_);
    for (size_t i = 0; i < size_; ++i) narrow_.push_back(static_cast<uint32_t>(Integer(i)));
  } else if (form_ == Form::kRun || form_ == Form::kNarrow) {
    ReserveLarge(count, &wide_);
    for (size_t i = 0; i < size_; ++i) wide_.push_back(Integer(i));
    narrow_ = {};
  }
  if (form == Form::kMixed) {
    types_.reserve(count);
    types_.assign(size_, SQLITE_INTEGER);
  }
  form_ = form;
}

// Whether all are integers of 32 bits.
bool ValueList::FitsNarrow() const {
  return form_ == Form::kNarrow ||
         (form_ == Form::kRun &&
          (size_ == 0 || (first_ >= 0 && Integer(size_ - 1) <= int64_t{UINT32_MAX})));
}

Status ValueList::Pick(std::vector<uint32_t> places, Stop* stop, ValueList* picked) const {
  const size_t count = places.size();
  const auto fetch = [&](size_t i) { Fetch(places[std::min(i + kAhead, count - 1)]); };
  *picked = ValueList();
  if (!FitsNarrow()) {
    picked->Reserve(count);
    stop->Each(size_t{0}, count, 4, [&](size_t i) {
      fetch(i);
      picked->Append((*this)[places[i]]);
    });
    picked->ShrinkToFit();
    return stop->status();
  }
  // The values fit where the places are.
  bool is_run = true;
  stop->Each(size_t{0}, count, 2, [&](size_t i) {
    fetch(i);
    places[i] = static_cast<uint32_t>(Integer(places[i]));
    is_run = is_run && places[i] == places[0] + i;
  });
  picked->size_ = count;
  picked->form_ = is_run ? Form::kRun : Form::kNarrow;
  if (is_run) {
    picked->first_ = count > 0 ? places[0] : 0;
  } else {
    picked->narrow_ = std::move(places);
  }
  return stop->status();
}

void ValueList::ShrinkToFit() {
  narrow_.shrink_to_fit();
  wide_.shrink_to_fit();
  types_.shrink_to_fit();
  text_.shrink_to_fit();
}

int64_t ValueList::bytes() const {
  return static_cast<int64_t>(narrow_.capacity() * sizeof(uint32_t) +
                              wide_.capacity() * sizeof(int64_t) + types_.capacity() +
                              text_.capacity());
}

}  // namespace vecgraph
