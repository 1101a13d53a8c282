-- The windows of a count or a measure: from each hit back over the timespan, both ends included.
SELECT grp, time, 0 AS way, CAST(value AS DOUBLE) AS value
FROM (
    SELECT grp, time, ref, {value} AS value {seen}
    FROM correlation_in_{step}
    WINDOW span AS (
        PARTITION BY grp ORDER BY time RANGE BETWEEN {span} PRECEDING AND CURRENT ROW)
)
WHERE {anchored} AND {test}
