-- Feeds of which nothing was delivered since longer than usual. A feed is all sources whose paths
-- differ in their digits only; only a feed with a rhythm counts, whose pauses are much alike.
WITH deliveries AS (
    SELECT DISTINCT regexp_replace(path, '[0-9]+', '#', 'g') AS feed, loaded_at
    FROM (FROM sources AT (VERSION => {snapshot}))
    WHERE tenant_uid = $tenant
),
steps AS (
    SELECT
        feed,
        loaded_at,
        epoch(loaded_at - lag(loaded_at) OVER (PARTITION BY feed ORDER BY loaded_at)) AS pause
    FROM deliveries
),
rhythm AS (
    SELECT
        feed,
        count(*) AS deliveries,
        min(loaded_at) AS first_seen,
        max(loaded_at) AS last_seen,
        quantile_cont(pause, 0.5) AS middle,
        quantile_cont(pause, 0.9) AS usual_s
    FROM steps
    GROUP BY feed
)
SELECT
    feed AS name,
    last_seen,
    usual_s,
    greatest(1, date_diff('day', first_seen, last_seen)) AS days,
    epoch(CAST($now AS TIMESTAMP) - last_seen) AS silent_s
FROM rhythm
WHERE deliveries >= $minimum
    AND epoch(last_seen - first_seen) >= $span
    AND usual_s <= 3 * middle + 600
    AND epoch(CAST($now AS TIMESTAMP) - last_seen) > greatest($floor, $times * usual_s)
ORDER BY silent_s DESC, name
