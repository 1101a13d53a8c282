-- What one partition adds to counts that only mean something when all partitions are added up.
SELECT
    key, count(*) AS count, min(time) AS first, max(time) AS last,
    list({'time': time, 'event_uid': event_uid} ORDER BY time, event_uid)[:50] AS sample
FROM events
JOIN baseline_counted USING (event_uid)
WHERE {partition}
GROUP BY key
ORDER BY key
