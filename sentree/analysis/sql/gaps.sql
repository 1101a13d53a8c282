-- Stretches in which a reporter (a host with its own telemetry, or a network sensor) fell silent
-- although it usually reports and the others went on.
-- ? minimum events of a reporter, ? minimum seconds, ? times its 99th percentile interval,
-- ? share of the others' usual rate that must go on.
WITH reports AS (
    SELECT CASE WHEN device_host IS NOT NULL THEN host ELSE mapper || ' sensor' END AS reporter,
           time,
           event_uid
    FROM events
    WHERE time IS NOT NULL
),
steps AS (
    SELECT reporter,
           time AS ended,
           event_uid AS after_uid,
           lag(time) OVER w AS started,
           lag(event_uid) OVER w AS before_uid
    FROM reports
    WINDOW w AS (PARTITION BY reporter ORDER BY time, event_uid)
),
usual AS (
    SELECT reporter,
           count(*) AS n,
           quantile_cont(epoch_us(ended) - epoch_us(started), 0.99) / 1e6 AS interval_s
    FROM steps
    WHERE started IS NOT NULL
    GROUP BY reporter
),
silences AS (
    SELECT s.*, u.interval_s, (epoch_us(s.ended) - epoch_us(s.started)) / 1e6 AS seconds
    FROM steps AS s
    JOIN usual AS u USING (reporter)
    WHERE u.n >= ? AND s.started IS NOT NULL
      AND (epoch_us(s.ended) - epoch_us(s.started)) / 1e6 > greatest(?, ? * u.interval_s)
),
span AS (
    SELECT greatest((epoch_us(max(time)) - epoch_us(min(time))) / 1e6, 1) AS seconds FROM reports
)
SELECT s.reporter AS host,
       s.started,
       s.ended,
       s.interval_s,
       s.before_uid,
       s.after_uid
FROM silences AS s, span
WHERE (
    SELECT count(*) = 0
        OR count(*) FILTER (WHERE r.time > s.started AND r.time < s.ended)
           >= ? * count(*) * s.seconds / span.seconds
    FROM reports AS r
    WHERE r.reporter <> s.reporter
)
ORDER BY s.started, s.reporter
