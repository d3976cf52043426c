-- check_store: everything that is wrong with the store; no rows if nothing is.
--
--   :warnings  1: warnings as well (0)
--
-- The issues of the graph, and the alerts of the last snapshot.
-- Cost: that of graph_issues, several passes over nodes and edges.

SELECT severity, issue, entity_type, entity_id, detail
FROM graph_issues
WHERE severity = 'error' OR :warnings
UNION ALL
SELECT severity, alert, 'snapshot', snapshot_id, detail
FROM stats_alerts
WHERE snapshot_id = (SELECT max(id) FROM stats_snapshots) AND (severity = 'error' OR :warnings)
ORDER BY severity, issue, entity_id;
