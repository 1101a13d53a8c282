-- The first, the last and some evenly between.
SELECT event_uid
FROM (
    SELECT event_uid,
           row_number() OVER (ORDER BY time, event_uid) AS place,
           count(*) OVER () AS n
    FROM (SELECT DISTINCT event_uid, time FROM ${relation} WHERE ${where})
)
WHERE n <= 20 OR place = 1 OR place = n OR (place - 1) % ceil(n / 18)::BIGINT = 0
ORDER BY place
LIMIT 20
