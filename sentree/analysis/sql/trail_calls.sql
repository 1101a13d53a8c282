-- What an account ($who) did from an address ($src), or from none that is told, between two instants,
-- without what is cited already: one row for each operation and hour.
SELECT
    any_value(kind) AS kind, any_value(host) AS host, who, any_value(src) AS src, service, operation,
    count(*) AS times, min(time) AS time, list(event_uid ORDER BY time, event_uid)[:12] AS uids
FROM baseline_calls
WHERE who = $who AND (src IS NULL OR src = $src)
    AND time BETWEEN $since::TIMESTAMP AND $until::TIMESTAMP
    AND NOT list_contains($cited::VARCHAR[], event_uid)
GROUP BY who, service, operation, time_bucket(INTERVAL 1 HOUR, time)
ORDER BY time, operation
LIMIT 60
