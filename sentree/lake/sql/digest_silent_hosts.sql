-- Hosts (and sensors) that said nothing since longer than is usual for them, judged by the times of
-- events alone. A pause is usual if nine of ten days have none that is longer. "Now" is the second
-- newest word of all that came in the deliveries a host's feed took part in: one wrong clock moves
-- nothing, and a feed that is delivered late makes nobody silent.
WITH heard AS (
    SELECT
        {reporter} AS reporter,
        regexp_replace(s.path, '[0-9]+', '#', 'g') AS feed,
        e.ingested_at,
        time_bucket(INTERVAL 1 MINUTE, e.time) AS minute,
        count(*) AS events,
        max(e.time) AS last,
        max_by(e.event_uid, (e.time, e.event_uid)) AS last_uid
    FROM (FROM events AT (VERSION => {snapshot})) AS e
    JOIN (
        SELECT source_uid, any_value(path) AS path
        FROM (FROM sources AT (VERSION => {snapshot}))
        WHERE tenant_uid = $tenant
        GROUP BY source_uid
    ) AS s USING (source_uid)
    WHERE e.tenant_uid = $tenant
        AND e.time > CAST($from AS TIMESTAMP)
        AND e.time <= e.ingested_at + INTERVAL 1 DAY
    GROUP BY ALL
),
spoken AS (
    SELECT feed, ingested_at, reporter, max(last) AS last FROM heard GROUP BY ALL
),
delivered AS (
    SELECT
        ingested_at,
        CASE WHEN count(*) >= 3 THEN list_sort(list(last), 'DESC')[2] ELSE max(last) END AS newest
    FROM (SELECT ingested_at, reporter, max(last) AS last FROM spoken GROUP BY ALL)
    GROUP BY ingested_at
),
reached AS (
    SELECT f.reporter, max(d.newest) AS until
    FROM (SELECT DISTINCT reporter, feed FROM spoken) AS f
    JOIN (SELECT DISTINCT feed, ingested_at FROM spoken) AS t USING (feed)
    JOIN delivered AS d USING (ingested_at)
    GROUP BY f.reporter
),
pauses AS (
    SELECT
        reporter,
        CAST(minute AS DATE) AS day,
        max(epoch(minute - before)) AS longest
    FROM (
        SELECT reporter, minute, lag(minute) OVER (PARTITION BY reporter ORDER BY minute) AS before
        FROM (SELECT DISTINCT reporter, minute FROM heard)
    )
    WHERE before IS NOT NULL
    GROUP BY ALL
),
usual AS (
    SELECT reporter, quantile_cont(longest, 0.9) AS usual_s, count(*) AS days
    FROM pauses
    GROUP BY reporter
),
known AS (
    SELECT
        reporter,
        sum(events) AS events,
        max(last) AS last_seen,
        max_by(last_uid, (last, last_uid)) AS last_uid
    FROM heard
    GROUP BY reporter
)
SELECT
    k.reporter AS name,
    k.last_seen,
    u.usual_s,
    u.days,
    epoch(r.until - k.last_seen) AS silent_s,
    [k.last_uid] AS evidence
FROM known AS k
JOIN usual AS u USING (reporter)
JOIN reached AS r USING (reporter)
WHERE k.events >= $minimum
    AND epoch(r.until - k.last_seen) > greatest($floor, $times * u.usual_s)
ORDER BY silent_s DESC, name
