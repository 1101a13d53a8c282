-- What of the scope lies inside the window, outside of it, and at no known time. Bounds that are
-- NULL don't bound.
SELECT
    count(*) FILTER (WHERE is_inside) AS inside,
    count(*) FILTER (WHERE NOT is_inside) AS outside,
    count(*) FILTER (WHERE time IS NULL) AS timeless,
    min(time) AS first,
    max(time) AS last
FROM (
    SELECT
        time,
        time >= coalesce(CAST($start AS TIMESTAMP), time)
            AND (CAST($stop AS TIMESTAMP) IS NULL OR time < CAST($stop AS TIMESTAMP)) AS is_inside
    FROM ({scope})
)
