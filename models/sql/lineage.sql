-- The ancestors of the process starts of one partition, nearest first.
SELECT event_uid, ancestor_uid, generation
FROM baseline_lineage
WHERE event_uid IN (SELECT event_uid FROM events WHERE {partition})
ORDER BY event_uid, generation, ancestor_uid
