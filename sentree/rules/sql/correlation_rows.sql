-- What one correlation looks at: each hit of its rules once in its group, those without a value for
-- each part of the group left out. `lo` and `hi` are the ends of the shortest match through a hit.
CREATE OR REPLACE TEMP TABLE correlation_rows AS
SELECT DISTINCT ON ({once})
    ref, time, item, below, shown, extra,
    lower(CAST(to_json(shown) AS VARCHAR)) AS grp,
    lower(CAST(to_json(vals) AS VARCHAR)) AS val,
    {number} AS num,
    time AS lo,
    time AS hi
FROM ({hits})
WHERE len(list_filter(shown, lambda x: coalesce(x, '') = '')) = 0
    AND len(list_filter(vals, lambda x: coalesce(x, '') = '')) = 0
    AND {measurable}
ORDER BY ALL
