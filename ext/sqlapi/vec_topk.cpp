// vec_topk(source, column, query [, k, metric, min_score, element, strict, within])
//
// The k rows of a table, view or query whose vectors are nearest to `query`: exactly those that
// scoring every row would give, ordered by (distance, rowid).
//
//   SELECT n.title, t.score
//   FROM vec_topk('nodes', 'embedding', :q, 10) AS t JOIN nodes AS n ON n.rowid = t.rowid
//   ORDER BY t.rank;
//   -- 10 rows, the best first
//   SELECT id, distance FROM vec_topk('nodes', 'embedding', :q, 10, 'l2')
//   WHERE rowid IN (SELECT rowid FROM nodes WHERE domain = 'ops');
//   -- the 10 nearest of the rows in that domain: IN is applied before k
//   SELECT n.id, t.id FROM nodes AS n, vec_topk('nodes', 'embedding', n.embedding, 5) AS t;
//   -- one search per node
//   SELECT id FROM vec_topk('nodes', 'embedding', :q) WHERE score > 0.5 LIMIT 20;
//   -- k omitted: the full ranking; LIMIT decides how much of it is kept
//
// ARGUMENTS, by position or by name in WHERE
//   source     name of a table or view ('nodes', 'aux.nodes'), or db_query('SELECT ...')
//   column     the column that holds the vectors, as blobs
//   query      a blob or a JSON array; NULL: no rows
//   k          how many rows; NULL or omitted: all; 0: none
//   metric     dot (default), cosine, l2, l1, hamming
//   min_score  keeps rows whose score is at least this
//   element    float32, int8 or bit; default: the subtype of the query, bit for hamming, else
//              float32
//   strict     1: a row that cannot be compared is an error; 0: it is skipped and counted
//   within     only rows of this set: a JSON array of ids, or (SELECT vec_ids(rowid) FROM ...)
//
// DECLARED AS
//   CREATE TABLE x(id, score REAL, distance REAL, rank INTEGER, source HIDDEN, "column" HIDDEN,
//     query HIDDEN, k HIDDEN, metric HIDDEN, min_score HIDDEN, element HIDDEN, strict HIDDEN,
//     within HIDDEN)
#include "sqlapi/topk_table.h"

namespace vecgraph {
namespace {

constexpr TopkFunction kTopk = {
    "vec_topk", "vec_topk(source, column, query [, k, metric, min_score, element, strict, within])",
    false};

}  // namespace

ModuleDef VecTopkModule() { return TopkModule<kTopk>(); }

}  // namespace vecgraph
