-- Questions about the packages of this machine, answered in SQL.
--
--   sqlite3 build/demo.db < examples/demo.sql        from the root of the repository
--
-- `make demo` makes the database first. Its tables are ordinary ones:
--   nodes   a row per package; embedding is 384 float32 numbers in a blob
--   edges   what packages depend on, recommend, suggest, conflict with and provide
--   terms   a vector for every word, so that a question can be turned into a vector here
-- Nothing below writes to that file: what is made here is temporary, but for build/answer.dot, the
-- picture of an answer.

.bail on
.load ./build/vecgraph
.mode column
.headers on

-- What the answers show of a package: its name, its section, the first line of its description.
CREATE TEMP VIEW card AS
SELECT
  rowid AS node,
  title AS package,
  domain AS section,
  substr(summary, 1, min(50, instr(summary || char(10), char(10)) - 1)) AS about
FROM nodes;


.print
.print == What is in the database ==

SELECT
  (SELECT count(*) FROM nodes) AS packages,
  (SELECT count(DISTINCT domain) FROM nodes) AS sections,
  (SELECT count(*) FROM edges) AS edges,
  (SELECT count(*) FROM terms) AS words;

.print
SELECT type AS edge, count(*) AS number FROM edges GROUP BY type ORDER BY number DESC;


.print
.print == Packages like audacity ==

SELECT printf('%.2f', t.score) AS score, package, section, about
FROM vec_topk('nodes', 'embedding', (SELECT embedding FROM nodes WHERE id = 'audacity'), 10) AS t
JOIN card ON node = t.rowid
ORDER BY t.rank;


.print
.print == A question in words: recover deleted files ==

-- The vector of a text is the sum of the vectors of its words, made as long as 1.
-- `letters` moves one letter at a time from the text to the word; anything else ends the word.
CREATE TEMP TABLE question (text TEXT);

CREATE TEMP VIEW question_word AS
WITH RECURSIVE letters (word, rest) AS (
  SELECT '', lower(text) || ' ' FROM question
  UNION ALL
  SELECT iif(rest GLOB '[a-z0-9]*', word || substr(rest, 1, 1), ''), substr(rest, 2)
  FROM letters
  WHERE rest <> ''
)
SELECT DISTINCT word FROM letters WHERE word <> '' AND rest NOT GLOB '[a-z0-9]*';

CREATE TEMP VIEW question_vector AS
SELECT vec_normalize(vec_sum(vector)) AS vector
FROM question_word JOIN terms ON term = word
HAVING count(*) > 0;

INSERT INTO question VALUES ('recover deleted files');

SELECT printf('%.2f', t.score) AS score, package, section, about
FROM vec_topk('nodes', 'embedding', (SELECT vector FROM question_vector), 10) AS t
JOIN card ON node = t.rowid
ORDER BY t.rank;


.print
.print == Another question: monitor network traffic ==

UPDATE question SET text = 'monitor network traffic';

SELECT printf('%.2f', t.score) AS score, package, section, about
FROM vec_topk('nodes', 'embedding', (SELECT vector FROM question_vector), 5) AS t
JOIN card ON node = t.rowid
ORDER BY t.rank;


.print
.print == The same question, in the section python only ==

-- The restriction comes first: these are the five best of the section, not what is left of the
-- five above.
SELECT printf('%.2f', t.score) AS score, package, section, about
FROM vec_topk('nodes', 'embedding', (SELECT vector FROM question_vector), 5) AS t
JOIN card ON node = t.rowid
WHERE t.rowid IN (SELECT rowid FROM nodes WHERE domain = 'python')
ORDER BY t.rank;


.print
.print == Vectors, words and dependencies, in one statement: play chess against the computer ==

-- Three rankings: what sounds like the question, what has its words, and what the best of both are
-- linked to by what packages recommend and suggest (on libc6 they all depend). A package scores
-- 1 / (60 + rank) in each ranking that it is in; graph_rrf sums that up. The row says where it stood in which, and by what
-- dependency the graph came to it.
UPDATE question SET text = 'play chess against the computer';

CREATE VIRTUAL TABLE temp.package_words
USING fts5 (title, summary, content = '', tokenize = 'porter unicode61');
INSERT INTO temp.package_words (rowid, title, summary) SELECT rowid, title, summary FROM nodes;

CREATE TEMP TABLE answer AS
WITH
  hit (node, list, rank) AS (
    SELECT rowid, 'vector', rank
    FROM vec_topk('nodes', 'embedding', (SELECT vector FROM question_vector), 12)
    UNION ALL
    SELECT node, 'words', row_number() OVER (ORDER BY relevance, node)
    FROM (
      SELECT rowid AS node, bm25(package_words) AS relevance
      FROM package_words
      WHERE package_words MATCH (
        SELECT group_concat(word, ' OR ') FROM question_word JOIN terms ON term = word
      )
      ORDER BY relevance, rowid
      LIMIT 12
    )
  ),
  -- The best of both are where personalised PageRank starts.
  seed (id, weight) AS (
    SELECT n.id, graph_rrf(rank) AS weight
    FROM hit AS h JOIN nodes AS n ON n.rowid = h.node
    GROUP BY h.node
    ORDER BY weight DESC, h.node
    LIMIT 6
  ),
  place (node, list, rank) AS (
    SELECT node, list, rank FROM hit
    UNION ALL
    SELECT n.rowid, 'graph', p.rank
    FROM graph_ppr('edges', (SELECT json_group_object(id, weight) FROM seed), 0.5, 'both') AS p
    JOIN nodes AS n ON n.id = p.node
    WHERE p.types = '["recommends", "suggests"]' AND p.top_k = 12
  ),
  best (node, score, vector, words, graph) AS (
    SELECT node, graph_rrf(rank) AS score,
      min(rank) FILTER (WHERE list = 'vector'),
      min(rank) FILTER (WHERE list = 'words'),
      min(rank) FILTER (WHERE list = 'graph')
    FROM place
    GROUP BY node
    ORDER BY score DESC, node
    LIMIT 14
  )
SELECT b.*, n.id,
  CASE n.id
    WHEN e.source THEN e.type || ' ' || e.target
    WHEN e.target THEN e.source || ' ' || e.type || ' it'
    ELSE ''
  END AS link
FROM best AS b
JOIN nodes AS n ON n.rowid = b.node
LEFT JOIN (
  SELECT node, edge_id
  FROM graph_bfs('edges', (SELECT json_group_array(id) FROM seed), 2, 'both',
    '["recommends", "suggests"]')
  LIMIT -1
) AS h ON h.node = n.id
LEFT JOIN edges AS e ON e.rowid = h.edge_id
ORDER BY score DESC, b.node;

SELECT printf('%.3f', score) AS score, package, vector, words, graph, link,
  substr(about, 1, 22) AS about
FROM answer JOIN card USING (node)
ORDER BY score DESC, node;


.print
.print == The answers as a picture ==

-- Graphviz draws it: dot -Tsvg build/answer.dot -o build/answer.svg
-- A solid line: recommends. A dashed one: suggests.
.mode list
.headers off
.once build/answer.dot
SELECT graph_dot(source, target, label, attributes, json_object(
  'rankdir', 'LR',
  'node', json('{"shape": "box", "style": "rounded,filled", "fontname": "sans-serif"}')
))
FROM (
  SELECT source, target, NULL AS label,
    json_object('style', iif(type = 'recommends', 'solid', 'dashed')) AS attributes
  FROM edges
  WHERE source IN (SELECT id FROM answer) AND target IN (SELECT id FROM answer)
    AND type IN ('recommends', 'suggests')
  UNION ALL
  -- Blue: its vector or words are near the question. White: the graph alone found it.
  SELECT id, NULL, id || char(10) || substr(about, 1, 30),
    json_object('fillcolor', iif(ifnull(vector, words) IS NULL, 'white', 'lightblue'))
  FROM answer JOIN card USING (node)
);
.mode column
.headers on
SELECT 'build/answer.dot' AS file, (SELECT count(*) FROM answer) AS packages,
  count(*) AS dependencies
FROM edges
WHERE source IN (SELECT id FROM answer) AND target IN (SELECT id FROM answer)
  AND type IN ('recommends', 'suggests');


.print
.print == Words near the word photo ==

-- Any table with vectors can be searched. Those of words are not unit vectors, hence 'cosine'.
SELECT printf('%.2f', score) AS score, id AS word
FROM vec_topk('terms', 'vector', (SELECT vector FROM terms WHERE term = 'photo'), 8, 'cosine')
ORDER BY rank;


.print
.print == Alike, but nothing links them: pairs of the section mail ==

-- One search for each package of the section; edges then tell which pairs are news.
SELECT printf('%.2f', t.score) AS score, one.title AS package, other.title AS other,
  substr(about, 1, 36) AS "other is"
FROM nodes AS one
JOIN vec_topk('nodes', 'embedding', one.embedding, 5) AS t
JOIN nodes AS other ON other.rowid = t.rowid
JOIN card ON node = t.rowid
WHERE t.rowid IN (SELECT rowid FROM nodes WHERE domain = 'mail')
  AND one.domain = 'mail'
  AND one.id < other.id  -- each pair once
  AND json_extract(one.meta, '$.source_package') <> json_extract(other.meta, '$.source_package')
  AND NOT EXISTS (SELECT 1 FROM edges WHERE source = one.id AND target = other.id)
  AND NOT EXISTS (SELECT 1 FROM edges WHERE source = other.id AND target = one.id)
ORDER BY t.score DESC
LIMIT 8;


.print
.print == The middle of the section vcs, and what is nearest to it ==

CREATE TEMP VIEW middle AS
SELECT vec_normalize(vec_avg(embedding)) AS vector FROM nodes WHERE domain = 'vcs';

SELECT printf('%.2f', t.score) AS score, package, section, about
FROM vec_topk('nodes', 'embedding', (SELECT vector FROM middle), 5) AS t
JOIN card ON node = t.rowid
ORDER BY t.rank;


.print
.print == Near the same middle, but filed in another section ==

SELECT printf('%.2f', t.score) AS score, package, section, about
FROM vec_topk('nodes', 'embedding', (SELECT vector FROM middle), 5) AS t
JOIN card ON node = t.rowid
WHERE t.rowid IN (SELECT rowid FROM nodes WHERE domain <> 'vcs')
ORDER BY t.rank;


.print
.print == How long one search takes ==

.timer on
SELECT count(*) AS answers
FROM vec_topk('nodes', 'embedding', (SELECT embedding FROM nodes WHERE id = 'vim'), 10);
.timer off

.print
.print == What that search did ==

.mode line
SELECT * FROM vec_last_scan;
