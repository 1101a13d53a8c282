-- What a host's records say of their own time in UTC, against the time in their header.
-- ? records of each host that are looked at, ? events that are cited, ? records a host must have.
WITH chosen AS (
    SELECT event_uid, time, host, raw
    FROM events
    WHERE mapper LIKE 'windows%' AND host IS NOT NULL AND time IS NOT NULL
        AND original_id IN ('1', '11', '12', '13') AND lower(channel) LIKE '%sysmon%'
    QUALIFY row_number() OVER (PARTITION BY host ORDER BY event_uid) <= ?
),
told AS (
    SELECT
        event_uid, host,
        (epoch_us(time) - epoch_us(TRY_CAST(regexp_extract(
            raw, 'UtcTime\W{1,6}(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)', 1) AS TIMESTAMP))) / 1e6 AS seconds
    FROM chosen
)
SELECT host, count(*) AS n, median(seconds) AS seconds, mad(seconds) AS spread,
    list(event_uid ORDER BY event_uid)[:?] AS cited
FROM told
WHERE seconds IS NOT NULL
GROUP BY host
HAVING count(*) >= ?
ORDER BY host
