// vec_mmr(source, column, query, k [, metric, min_score, element, strict, within, lambda, fetch_k])
//
// k rows that are near `query` and unlike one another: maximal marginal relevance (Carbonell and
// Goldstein 1998). vec_topk with these arguments, but of the fetch_k rows that it finds, k are
// picked one after the other: the one whose
//   lambda * score - (1 - lambda) * (the highest similarity to a row that was picked before)
// is highest; of equal ones the one that vec_topk ranks first. The similarity of two rows is the
// score that the one would have if the other were the query.
//
//   SELECT n.title FROM vec_mmr('nodes', 'embedding', :q, 10, 'cosine') AS m
//   JOIN nodes AS n ON n.rowid = m.rowid ORDER BY m.rank;
//   -- ten nodes about the question that do not all say the same
//   SELECT id, score, mmr FROM vec_mmr('nodes', 'embedding', :q, 10, 'cosine')
//   WHERE lambda = 0.7 AND fetch_k = 200 AND within = (SELECT vec_ids(rowid) FROM hits);
//   -- of the rows that another search found; less diverse, from more candidates
//
// ARGUMENTS, by position or by name in WHERE: those of vec_topk, k being required, and
//   lambda   0.5: how much the query counts against the likeness, from 0 to 1 (the order of
//   vec_topk) fetch_k  5 * k, and at least 20: how many rows there are to pick from; at least k
//
// ROWS come by rank, the order in which they were picked. `score` and `distance` are those of
// vec_topk, `mmr` is the value above, when the row was picked. An IN on rowid or id, and `within`,
// say before fetch_k is counted which rows compete; everything else applies to the rows that were
// picked. Two rows whose similarity is not finite count as unlike.
// The vectors that are picked from are kept in memory meanwhile; time grows with k * fetch_k.
//
// DECLARED AS
//   CREATE TABLE x(id, score REAL, distance REAL, rank INTEGER, source HIDDEN, "column" HIDDEN,
//     query HIDDEN, k HIDDEN, metric HIDDEN, min_score HIDDEN, element HIDDEN, strict HIDDEN,
//     within HIDDEN, lambda HIDDEN, fetch_k HIDDEN, mmr REAL)
#include "sqlapi/topk_table.h"

namespace vecgraph {
namespace {

constexpr TopkFunction kMmr = {
    "vec_mmr",
    "vec_mmr(source, column, query, k [, metric, min_score, element, strict, within, lambda, "
    "fetch_k])",
    true};

}  // namespace

ModuleDef VecMmrModule() { return TopkModule<kMmr>(); }

}  // namespace vecgraph
