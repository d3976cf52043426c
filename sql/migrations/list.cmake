# The migrations in the order in which they are applied: the names without .sql. The build embeds
# these files; a released name is never removed, renamed or reordered.
set(MIGRATIONS
  0001_graph
  0002_history
  0003_summary
  0004_shape
  0005_tags
  0006_history_triggers
  0007_put
  0008_views
  0009_stats
  0010_cache
  0011_embeddings)
