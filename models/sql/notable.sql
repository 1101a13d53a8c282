-- What the baselines found remarkable about events of one partition.
SELECT n.kind, n.event_uid, n.subject, n.object, n.times, n.amount, n.sample
FROM baseline_notable AS n
WHERE n.event_uid IN (SELECT event_uid FROM events WHERE {partition})
ORDER BY n.time, n.event_uid, n.kind, n.object
