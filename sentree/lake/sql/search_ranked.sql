-- The end of both searches: rows of `hits` scored and put in an order that is always the same.
weights AS (
    SELECT n, ln(1 + greatest(0, (any_value(usual.events) - count(*) + 0.5) / (count(*) + 0.5))) AS weight
    FROM hits, usual
    GROUP BY n
),
ranked AS (
    SELECT
        h.event_uid,
        round(sum(w.weight * h.times * 2.2
            / (h.times + 1.2 * (0.25 + 0.75 * h.size / greatest(usual.size, 1)))), 4) AS score
    FROM hits AS h
    JOIN weights AS w ON h.n = w.n
    CROSS JOIN usual
    GROUP BY h.event_uid
),
best AS (SELECT * FROM ranked ORDER BY score DESC, event_uid LIMIT ?)
SELECT b.event_uid, CAST(e.time AS VARCHAR) AS time, e.host, b.score, e.raw
FROM best AS b
JOIN events AS e ON b.event_uid = e.event_uid
ORDER BY b.score DESC, e.time, b.event_uid
