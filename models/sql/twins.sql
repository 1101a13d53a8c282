-- For the process starts of one partition, another sensor's records of the same start.
SELECT event_uid, twin_uid
FROM baseline_twins
WHERE event_uid IN (SELECT event_uid FROM events WHERE {partition})
ORDER BY event_uid, twin_uid
