${names}SELECT value,
       ${measure} AS n,
       min(time) AS first,
       max(time) AS last,
       arg_min(event_uid, (time, event_uid)) AS event_uid,
       count(*) OVER () AS groups
FROM (
    SELECT ${value} AS value, time, event_uid${extra}
    FROM ${relation}
    WHERE ${where}
)
WHERE value IS NOT NULL AND value <> ''${hidden}
GROUP BY value
ORDER BY n ${order}, value
LIMIT ${limit}
