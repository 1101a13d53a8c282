-- A tenant's events by uid, as a reader without the lake needs them.
SELECT
    e.event_uid,
    e.time,
    coalesce(e.class_uid, 0) AS class_uid,
    CASE WHEN e.device_host IS NULL OR e.device_host = '' THEN coalesce(e.src_ip, e.device_ip)
        ELSE lower(split_part(e.device_host, '.', 1)) END AS host,
    coalesce(e.actor_user, e.target_user) AS user,
    coalesce(s.path, '') AS source,
    coalesce(e.source_line, 0) AS line,
    e.mapper,
    e.event,
    left(e.raw, $cap) AS raw,
    length(e.raw) AS raw_length
FROM (FROM lake.events AT (VERSION => {snapshot})) AS e
LEFT JOIN (
    SELECT source_uid, any_value(path) AS path
    FROM (FROM lake.sources AT (VERSION => {snapshot}))
    WHERE tenant_uid = $tenant GROUP BY source_uid
) AS s ON s.source_uid = e.source_uid
WHERE e.tenant_uid = $tenant
    AND (NOT $split OR {owner} IS NOT DISTINCT FROM $owner)
    AND e.event_uid IN (SELECT unnest(CAST($uids AS VARCHAR[])))
ORDER BY e.time, e.event_uid
