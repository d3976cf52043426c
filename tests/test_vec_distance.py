"""vec_distance_l2, _l1, _cosine, _hamming and vec_dot, bit for bit against numpy."""
import itertools

import numpy as np
import pytest

import vectors
from vectors import DIMS, DISTANCES, DISTANCES_INT8, F32, error, f32, i8, same, shapes, value

FLOAT_FUNCTIONS = {"vec_dot": vectors.dot,
                   **{f"vec_distance_{name}": oracle for name, oracle in DISTANCES.items()}}
INT8_FUNCTIONS = {"vec_dot": vectors.dot_int8,
                  **{f"vec_distance_{name}": oracle for name, oracle in DISTANCES_INT8.items()}}
ALL = [*FLOAT_FUNCTIONS, "vec_distance_hamming"]


# ---- golden values ----------------------------------------------------------------------------

@pytest.mark.parametrize(
    "expression, expected",
    [
        ("vec_distance_cosine('[0.3,0.1,0.9]','[0.31,0.1,0.88]')", 0.00014354867744259536),
        ("vec_distance_l2('[0.3,0.1,0.9]','[0.31,0.1,0.88]')", 0.022360658273100853),
        ("vec_distance_l1('[0.3,0.1,0.9]','[0.31,0.1,0.88]')",
         abs(float(F32(0.3)) - float(F32(0.31))) + abs(float(F32(0.9)) - float(F32(0.88)))),
        ("vec_distance_cosine(vec_int8('[1,2]'),vec_int8('[2,1]'))", float(F32(0.2))),
        ("vec_distance_l2(vec_int8('[-128,-128]'),vec_int8('[127,127]'))",
         float(F32(130050 ** 0.5))),
        ("vec_distance_l1('[3.4028235e38]','[-3.4028235e38]')", 6.805646932770577e38),
        ("vec_distance_l2('[3e38]','[-3e38]')", float("inf")),
        ("vec_distance_l1(vec_int8('[127,-128]'),vec_int8('[-128,127]'))", 510),
        ("vec_distance_hamming(vec_bit(x'0f'),vec_bit(x'00'))", 4.0),
        ("vec_distance_cosine('[1,0]','[1,0]')", 0.0),
        ("vec_distance_cosine('[1,0]','[0,1]')", 1.0),
        ("vec_distance_cosine('[1,0]','[-1,0]')", 2.0),
        ("vec_distance_l2('[0,0]','[3,4]')", 5.0),
        ("vec_dot('[1,2,3]','[4,5,6]')", 32.0),
        ("vec_dot('[1,0]','[0,1]')", 0.0),
        ("vec_dot(vec_int8('[1,2,3]'),vec_int8('[4,5,-6]'))", -4.0),
        ("vec_dot('[3e38]','[3e38]')", float("inf")),
    ],
)
def test_golden_values(engine, expression, expected):
    assert value(engine, expression) == expected


@pytest.mark.parametrize(
    "expression, kind",
    [
        ("vec_distance_l2('[1]','[2]')", "real"),
        ("vec_distance_l1('[1]','[2]')", "real"),
        ("vec_distance_cosine('[1]','[2]')", "real"),
        ("vec_distance_hamming(vec_bit(x'01'),vec_bit(x'00'))", "real"),
        ("vec_dot('[1]','[2]')", "real"),
        ("vec_distance_l2(vec_int8('[1]'),vec_int8('[2]'))", "real"),
        ("vec_distance_l1(vec_int8('[1]'),vec_int8('[2]'))", "integer"),
        ("vec_distance_cosine(vec_int8('[1]'),vec_int8('[2]'))", "real"),
        ("vec_dot(vec_int8('[1]'),vec_int8('[2]'))", "real"),
        ("vec_distance_cosine('[0,0]','[1,2]')", "null"),
        ("vec_distance_cosine(vec_int8('[0]'),vec_int8('[1]'))", "null"),
        ("vec_distance_cosine('[1e-30]','[1e-30]')", "real"),
    ],
)
def test_sql_type_of_the_result(engine, expression, kind):
    assert value(engine, f"typeof({expression})") == kind


# ---- every dimension against the oracle -------------------------------------------------------

@pytest.mark.parametrize("dims", DIMS)
def test_float32_has_the_bits_of_the_oracle(db, dims):
    rng = np.random.default_rng(dims)
    for name, a, b in shapes(rng, dims):
        row = db.execute("SELECT " + ", ".join(f"{f}(?1, ?2)" for f in FLOAT_FUNCTIONS),
                         (f32(a), f32(b))).fetchone()
        for actual, (function, oracle) in zip(row, FLOAT_FUNCTIONS.items()):
            expected = oracle(a, b)
            assert same(actual, expected), (function, name, actual, expected)


@pytest.mark.parametrize("dims", DIMS)
def test_int8_has_the_bits_of_the_oracle(db, dims):
    rng = np.random.default_rng(dims)
    low, high = np.full(dims, -128), np.full(dims, 127)
    pairs = [(rng.integers(-128, 128, dims), rng.integers(-128, 128, dims)), (low, high),
             (low, low), (high, high), (low * 0, high), (rng.integers(-1, 2, dims), low)]
    for a, b in pairs:
        row = db.execute("SELECT " + ", ".join(f"{f}(vec_int8(?1), vec_int8(?2))"
                                               for f in INT8_FUNCTIONS), (i8(a), i8(b))).fetchone()
        for actual, (function, oracle) in zip(row, INT8_FUNCTIONS.items()):
            expected = oracle(a, b)
            assert same(actual, expected), (function, actual, expected)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 500,
                                    4100])
def test_hamming_counts_differing_bits(db, length):
    rng = np.random.default_rng(length)
    a = rng.bytes(length)
    for b in (rng.bytes(length), a, bytes(255 - x for x in a), bytes(length), b"\xff" * length):
        assert value(db, "vec_distance_hamming(vec_bit(?), vec_bit(?))", a, b) == (
            vectors.hamming(a, b))


def test_control_another_order_of_summation_would_be_seen(db):
    rng = np.random.default_rng(11)
    seen = {name: 0 for name in FLOAT_FUNCTIONS}
    for turn in range(40):
        # Sums in double need numbers of many sizes before their order shows.
        size = 10.0 ** rng.integers(-12, 12, 300) if turn % 2 else 1.0
        a, b = ((rng.standard_normal(300) * size).astype(F32) for _ in range(2))
        for function, oracle in FLOAT_FUNCTIONS.items():
            wrong = oracle(a, b, add=vectors.naive_sum)
            seen[function] += not same(value(db, f"{function}(?,?)", f32(a), f32(b)), wrong)
    assert min(seen.values()) > 0, seen


def test_control_a_short_vector_summed_in_lanes_would_be_seen(db):
    # 3 elements whose sum depends on the order: in lanes the third joins the first before the
    # second does.
    a, ones = np.array([1e8, 1, -1e8], F32), np.ones(3, F32)
    assert value(db, "vec_dot(?,?)", f32(a), f32(ones)) == 0.0
    padded = np.concatenate([a, np.zeros(14, F32)])
    assert value(db, "vec_dot(?,?)", f32(padded), f32(np.ones(17))) == 1.0


def test_control_one_element_off_by_one_ulp_would_be_seen(db):
    a = np.random.default_rng(12).standard_normal(8).astype(F32)
    b = a.copy()
    b[7] = np.nextafter(b[7], F32(9))
    assert value(db, "vec_distance_l2(?,?)", f32(a), f32(b)) > 0
    assert value(db, "vec_distance_l1(?,?)", f32(a), f32(b)) > 0


def test_l1_sums_in_double(db):
    big = np.full(100, 3.4028235e38, F32)
    assert value(db, "vec_distance_l1(?,?)", f32(big), f32(-big)) == vectors.l1(big, -big) < np.inf


def test_no_rounding_of_a_product_is_skipped(db):
    # With a fused multiply-add the second product would keep its low bits: the sum would not be 0.
    x = F32(1) + F32(2) ** F32(-12)
    a = np.array([x * x, x], F32)
    assert value(db, "vec_dot(?,?)", f32([a[0], -x]), f32([1, x])) == 0.0
    long = np.zeros(130, F32)
    other = np.zeros(130, F32)
    long[[5, 69]], other[[5, 69]] = [a[0], -x], [1, x]
    assert value(db, "vec_dot(?,?)", f32(long), f32(other)) == 0.0


@pytest.mark.parametrize("dims", [1, 3, 16, 17, 100, 1000])
def test_the_cosine_of_vectors_of_any_length(db, dims):
    """Also where a sum of squares overflows or vanishes in float32."""
    rng = np.random.default_rng(dims)
    one, two = rng.standard_normal(dims), rng.standard_normal(dims)
    sizes = (1e-38, 1e-30, 1e-20, 1e-17, 1.0, 1e15, 1e19, 1e25, 8e37)
    for a, b in ((one * i, two * j) for i in sizes for j in sizes):
        a, b = a.astype(F32), b.astype(F32)
        x, y = a.astype(float), b.astype(float)
        cosine = (x @ y) / (np.sqrt(x @ x) * np.sqrt(y @ y))
        assert value(db, "vec_distance_cosine(?,?)", f32(a), f32(b)) == pytest.approx(
            1 - cosine, abs=2e-6), (dims, a[0], b[0])
        assert abs(value(db, "vec_distance_cosine(?,?)", f32(a), f32(a))) < 2e-6
        assert value(db, "vec_distance_cosine(?,?)", f32(a), f32(a * 0)) is None


def test_int8_sums_stay_exact_in_a_million_dimensions(db):
    low, high = bytes([128]) * 1_000_000, bytes([127]) * 1_000_000

    def ask(function, a, b):
        return value(db, f"{function}(vec_int8(?),vec_int8(?))", a, b)

    assert ask("vec_dot", low, low) == 16384e6
    assert ask("vec_dot", low, high) == -16256e6
    assert ask("vec_distance_l1", low, high) == 255_000_000
    assert ask("vec_distance_l2", low, high) == 255_000.0
    assert ask("vec_distance_cosine", low, low) == 0.0
    assert ask("vec_distance_cosine", low, high) == 2.0


def test_float32_of_a_million_dimensions(db):
    rng = np.random.default_rng(13)
    a, b = (rng.standard_normal(1_000_000).astype(F32) for _ in range(2))
    for function, oracle in FLOAT_FUNCTIONS.items():
        assert same(value(db, f"{function}(?,?)", f32(a), f32(b)), oracle(a, b)), function


def test_hamming_of_eight_million_bits(db):
    assert value(db, "vec_distance_hamming(vec_bit(?),vec_bit(zeroblob(1000000)))",
                 b"\xff" * 1_000_000) == 8_000_000.0


# ---- where the vectors come from --------------------------------------------------------------

@pytest.mark.parametrize("dims", [1, 3, 16, 17, 65, 130])
def test_unaligned_blobs(db, dims):
    rng = np.random.default_rng(dims)
    a, b = (rng.standard_normal(dims).astype(F32) for _ in range(2))
    db.execute("CREATE TABLE t(pad TEXT, a BLOB, gap TEXT, b BLOB)")
    db.executemany("INSERT INTO t VALUES (?,?,?,?)",
                   [("x" * n, f32(a), "y" * (n % 5), f32(b)) for n in range(40)])
    for function, oracle in FLOAT_FUNCTIONS.items():
        [(result,)] = db.execute(f"SELECT DISTINCT {function}(a, b) FROM t").fetchall()
        assert same(result, oracle(a, b)), function
        cut = value(db, f"{function}(substr(?1, 2), substr(?2, 4))", b"x" + f32(a),
                    b"xyz" + f32(b))
        assert same(cut, oracle(a, b)), function


@pytest.mark.parametrize("function", FLOAT_FUNCTIONS)
def test_a_json_query_gives_the_same_wherever_it_stands(engine, function):
    rng = np.random.default_rng(21)
    rows = rng.standard_normal((30, 20)).astype(F32)
    queries = rng.standard_normal((3, 20)).astype(F32)
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)")
    engine.execute("CREATE TABLE q(id INTEGER PRIMARY KEY, j TEXT, v BLOB)")
    for i, v in enumerate(rows):
        engine.execute("INSERT INTO t VALUES (?,?)", (i, f32(v)))
    for i, v in enumerate(queries):
        engine.execute("INSERT INTO q VALUES (?,?,?)", (i, vectors.json_array(v), f32(v)))
    expected = [(t, q, FLOAT_FUNCTIONS[function](rows[t], queries[q]))
                for t in range(30) for q in range(3)]

    joined = engine.execute(f"SELECT t.id, q.id, {function}(t.v, q.j) FROM t, q ORDER BY 1, 2")
    assert joined == expected
    outer = engine.execute(f"SELECT t.id, q.id, {function}(t.v, q.j) FROM q, t ORDER BY 1, 2")
    assert outer == expected
    swapped = engine.execute(f"SELECT t.id, q.id, {function}(q.j, t.v) FROM t, q ORDER BY 1, 2")
    assert swapped == [(t, q, FLOAT_FUNCTIONS[function](queries[q], rows[t]))
                       for t, q, _ in expected]
    for q in range(3):
        want = [(t, x) for t, n, x in expected if n == q]
        constant = engine.execute(f"SELECT id, {function}(v, ?) FROM t ORDER BY id",
                                  (vectors.json_array(queries[q]),))
        literal = engine.execute(
            f"SELECT id, {function}(v, '{vectors.json_array(queries[q])}') FROM t ORDER BY id")
        blob = engine.execute(f"SELECT id, {function}(v, ?) FROM t ORDER BY id",
                              (f32(queries[q]),))
        subquery = engine.execute(
            f"SELECT id, {function}(v, (SELECT j FROM q WHERE id = ?)) FROM t ORDER BY id", (q,))
        assert constant == literal == blob == subquery == want


def test_the_same_text_read_as_two_types_in_one_row(engine):
    engine.script("CREATE TABLE t(j TEXT); INSERT INTO t VALUES ('[1,2,3,4]'),('[5,6,7,8]');")
    rows = engine.execute("SELECT hex(vec_int8(j)), hex(vec_f32(j)), vec_dot(j, j),"
                          " vec_dot(vec_int8(j), vec_int8(j)), vec_length(j) FROM t")
    assert rows == [
        ("01020304", f32([1, 2, 3, 4]).hex().upper(), 30.0, 30.0, 4),
        ("05060708", f32([5, 6, 7, 8]).hex().upper(), 174.0, 174.0, 4)]


def test_a_rebound_query_is_read_again(db):
    sql = "SELECT vec_dot('[1,1]', ?)"
    assert db.execute(sql, ("[1,2]",)).fetchone() == (3.0,)
    assert db.execute(sql, ("[3,4]",)).fetchone() == (7.0,)
    assert db.execute(sql, (f32([5, 6]),)).fetchone() == (11.0,)
    with pytest.raises(Exception, match="JSON parsing error"):
        db.execute(sql, ("[3,,4]",))
    assert db.execute(sql, ("[1,2]",)).fetchone() == (3.0,)


def test_a_bad_query_is_an_error_in_every_row(engine):
    engine.script("CREATE TABLE t(v); INSERT INTO t VALUES ('[1]'),('[2]');")
    assert error(engine, "vec_dot(v, '[x]') FROM t") == (
        "Error reading 2nd vector: JSON parsing error")


def test_a_blob_query_is_not_kept_beyond_its_row(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB);")
    for i in range(50):
        engine.execute("INSERT INTO t VALUES (?,?)", (i, f32(np.full(30, i))))
    rows = engine.execute("SELECT a.id, b.id, vec_dot(a.v, b.v) FROM t a, t b")
    assert all(x == 30.0 * i * j for i, j, x in rows) and len(rows) == 2500


def test_order_by_distance_limit(fresh_db):
    rng = np.random.default_rng(22)
    rows = rng.standard_normal((500, 24)).astype(F32)
    query = rng.standard_normal(24).astype(F32)
    fresh_db["docs"].insert_all({"id": i, "embedding": f32(v)} for i, v in enumerate(rows))
    got = [(row["id"], row["d"]) for row in fresh_db.query(
        "SELECT id, vec_distance_cosine(embedding, :q) AS d FROM docs ORDER BY d, id LIMIT 10",
        {"q": vectors.json_array(query)})]
    ranked = sorted((vectors.cosine(v, query), i) for i, v in enumerate(rows))[:10]
    assert got == [(i, d) for d, i in ranked]


def test_distances_in_an_index(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB);"
                  "CREATE INDEX t_len ON t(vec_dot(v, v));")
    for i in range(20):
        engine.execute("INSERT INTO t VALUES (?,?)", (i, f32([i, i])))
    assert engine.execute("SELECT id FROM t WHERE vec_dot(v, v) = 50") == [(5,)]
    assert engine.execute("PRAGMA integrity_check") == [("ok",)]


# ---- errors -----------------------------------------------------------------------------------

TYPES = {"float32": "'[1]'", "int8": "vec_int8('[1]')", "bit": "vec_bit(x'01')"}


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("first, second", list(itertools.permutations(TYPES, 2)))
def test_type_mismatch(engine, function, first, second):
    assert error(engine, f"{function}({TYPES[first]},{TYPES[second]})") == (
        f"Vector type mistmatch. First vector has type {first}, while the second has type "
        f"{second}.")


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    "first, second, n, m",
    [("'[1]'", "'[1,2]'", 1, 2), ("vec_int8('[1,2]')", "vec_int8('[1]')", 2, 1),
     ("vec_bit(x'01')", "vec_bit(x'0102')", 8, 16)],
)
def test_dimension_mismatch(engine, function, first, second, n, m):
    # Checked before the function says whether it takes the type at all.
    assert error(engine, f"{function}({first},{second})") == (
        f"Vector dimension mistmatch. First vector has {n} dimensions, while the second has {m} "
        "dimensions.")


@pytest.mark.parametrize(
    "expression, message",
    [
        ("vec_distance_l2(vec_bit(x'01'),vec_bit(x'02'))",
         "Cannot calculate L2 distance between two bitvectors."),
        ("vec_distance_l1(vec_bit(x'01'),vec_bit(x'02'))",
         "Cannot calculate L1 distance between two bitvectors."),
        ("vec_distance_cosine(vec_bit(x'01'),vec_bit(x'02'))",
         "Cannot calculate cosine distance between two bitvectors."),
        ("vec_dot(vec_bit(x'01'),vec_bit(x'02'))",
         "Cannot calculate dot product between two bitvectors."),
        ("vec_distance_hamming('[1]','[1]')",
         "Cannot calculate hamming distance between two float32 vectors."),
        ("vec_distance_hamming(vec_int8('[1]'),vec_int8('[1]'))",
         "Cannot calculate hamming distance between two int8 vectors."),
    ],
)
def test_types_that_a_function_does_not_take(engine, expression, message):
    assert error(engine, expression) == message


BAD = [
    ("1", "Input must have type BLOB (compact format) or TEXT (JSON), found INTEGER"),
    ("1.5", "Input must have type BLOB (compact format) or TEXT (JSON), found FLOAT"),
    ("''", "zero-length vectors are not supported."),
    ("x''", "zero-length vectors are not supported."),
    ("x'010203'", "invalid float32 vector BLOB length. Must be divisible by 4, found 3"),
    ("'[1,,2]'", "JSON parsing error"),
    ("'abc'", "JSON array parsing error: Input does not start with '['"),
    ("x'0000803F0000C07F'", "invalid float32 vector: element 1 is NaN"),
    ("x'0000807F'", "invalid float32 vector: element 0 is Inf"),
    ("'[1e39]'", "invalid float32 vector: element 0 is Inf"),
]


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("argument, message", BAD)
def test_a_bad_vector_is_named(engine, function, argument, message):
    assert error(engine, f"{function}({argument},'[1]')") == (
        "Error reading 1st vector: " + message)
    assert error(engine, f"{function}('[1]',{argument})") == (
        "Error reading 2nd vector: " + message)
    # The first is read before the second.
    assert error(engine, f"{function}({argument},{argument})") == (
        "Error reading 1st vector: " + message)


@pytest.mark.parametrize("function", [f for f in ALL if f != "vec_dot"])
def test_the_distances_refuse_null(engine, function):
    found = "Input must have type BLOB (compact format) or TEXT (JSON), found NULL"
    assert error(engine, f"{function}(NULL,'[1]')") == "Error reading 1st vector: " + found
    assert error(engine, f"{function}('[1]',NULL)") == "Error reading 2nd vector: " + found


@pytest.mark.parametrize("arguments", ["NULL,'[1]'", "'[1]',NULL", "NULL,NULL", "NULL,1"])
def test_dot_of_null_is_null(engine, arguments):
    assert value(engine, f"vec_dot({arguments})") is None


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("arguments", ["", "'[1]'", "'[1]','[1]','[1]'"])
def test_the_number_of_arguments(engine, function, arguments):
    assert "wrong number of arguments" in error(engine, f"{function}({arguments})")
