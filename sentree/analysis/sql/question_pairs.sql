-- Pairs of values that met at a place. For each event: the latest one before it, of each other value
-- that was ever there; so the work grows with events times values at a place, not with its square.
${names}seen AS MATERIALIZED (
    SELECT ${value} AS value, ${place} AS place, time, event_uid
    FROM ${relation}
    WHERE ${where}
),
there AS (
    SELECT DISTINCT place, value FROM seen WHERE place <> '' AND value <> ''
),
asked AS (
    SELECT seen.place, seen.value, seen.time, seen.event_uid, there.value AS other
    FROM seen JOIN there ON there.place = seen.place AND there.value <> seen.value
),
met AS (
    SELECT least(asked.value, asked.other) AS one,
           greatest(asked.value, asked.other) AS other,
           asked.place,
           asked.time,
           asked.event_uid,
           seen.event_uid AS earlier_uid,
           asked.time - seen.time AS gap
    FROM asked ASOF JOIN seen
      ON seen.place = asked.place AND seen.value = asked.other AND asked.time >= seen.time
)
SELECT one,
       other,
       count(*) AS n,
       min(time) AS first,
       max(time) AS last,
       arg_min(place, (time, event_uid)) AS place,
       arg_min(event_uid, (time, event_uid)) AS event_uid,
       arg_min(earlier_uid, (time, event_uid)) AS earlier_uid,
       count(*) OVER () AS groups
FROM met
WHERE gap <= to_microseconds(${within})
GROUP BY one, other
ORDER BY n DESC, one, other
LIMIT ${limit}
