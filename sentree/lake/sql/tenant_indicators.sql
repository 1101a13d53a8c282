-- The values of the slice, one row each: how often, when, on which machines, how near to what speaks
-- of an attack. `sample` has the most telling events first; every list is cut at its smallest.
WITH placed AS (
    SELECT
        v.kind, v.key, v.value, v.event_uid, v.time, v.entity, v.path, v.folder,
        coalesce(h.level, 0) AS level, coalesce(b.level, 0) AS near, h.techniques
    FROM (SELECT DISTINCT ON (kind, key, event_uid) * FROM slice_values WHERE key <> '' ORDER BY path) AS v
    LEFT JOIN (
        SELECT event_uid, max(level) AS level, flatten(list(techniques)) AS techniques
        FROM slice_hot GROUP BY event_uid
    ) AS h ON h.event_uid = v.event_uid
    LEFT JOIN slice_bins AS b
        ON b.entity = v.entity AND b.bin = epoch(v.time)::BIGINT // 600
)
SELECT
    kind, key, min(value) AS value,
    count(*) AS events,
    count(*) FILTER (WHERE level >= 2) AS direct,
    max(level) AS direct_level,
    count(*) FILTER (WHERE near >= 2) AS near,
    max(near) AS near_level,
    arg_min(greatest(level, near), (time, event_uid)) AS born_level,
    min(time) AS first,
    max(time) AS last,
    coalesce(list_slice(list_sort(list_distinct(list(entity) FILTER (WHERE entity IS NOT NULL))), 1, 32), []) AS entities,
    coalesce(list_slice(list_sort(list_distinct(list(coalesce(entity, '') || ' ' || (epoch(time)::BIGINT // 3600)))), 1, 64), []) AS hours,
    coalesce(list_slice(list_sort(list_distinct(list(path))), 1, 8), []) AS paths,
    coalesce(list_slice(list_sort(list_distinct(list(folder) FILTER (WHERE folder <> ''))), 1, 8), []) AS folders,
    coalesce(list_slice(list_sort(list_distinct(flatten(list(techniques) FILTER (WHERE techniques IS NOT NULL)))), 1, 24), []) AS techniques,
    list_transform(
        list_slice(list_sort(list({'heat': -greatest(level * 2, near), 'time': time, 'uid': event_uid})), 1, 8),
        lambda each: [CAST(each.heat AS VARCHAR), CAST(each.time AS VARCHAR), each.uid]
    ) AS sample
FROM placed
GROUP BY kind, key
ORDER BY kind, key
