-- 0011_embeddings, undone.
--
-- What: drops nodes_to_embed and the two tables, which must be empty; the embeddings stay.
-- Why: which model made an embedding cannot be found out again, so that the rows are yours to
-- delete.
--
-- Run by hand, all or nothing:
--   sqlite3 -bail my.db 'BEGIN IMMEDIATE' '.read sql/migrations/down/0011_embeddings.sql' COMMIT

CREATE TABLE _down_check (
  last,
  models,
  nodes,
  CONSTRAINT delete_the_rows_of_embedding_models_first CHECK (models IS NULL),
  CONSTRAINT delete_the_rows_of_node_embeddings_first CHECK (nodes IS NULL),
  CONSTRAINT the_last_migration_is_another_one_undo_that_first CHECK (last IS '0011_embeddings')
);
INSERT INTO _down_check (last) SELECT max(name) FROM _graph_migrations;
UPDATE _down_check SET models = (SELECT 1 FROM embedding_models LIMIT 1);
UPDATE _down_check SET nodes = (SELECT 1 FROM node_embeddings LIMIT 1);
DROP TABLE _down_check;
DELETE FROM _graph_migrations WHERE name = '0011_embeddings';

DROP VIEW nodes_to_embed;
DROP TABLE node_embeddings;
DROP TABLE embedding_models;
