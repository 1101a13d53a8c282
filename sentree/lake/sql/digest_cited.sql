-- Events by uid, of several tenants, as a reader without the lake needs them.
SELECT
    e.event_uid,
    e.tenant_uid,
    e.time,
    coalesce(e.class_uid, 0) AS class_uid,
    {host} AS host,
    coalesce(e.actor_user, e.target_user) AS user,
    coalesce(s.path, '') AS source,
    coalesce(e.source_line, 0) AS line,
    e.mapper,
    e.event,
    left(e.raw, $cap) AS raw,
    length(e.raw) AS raw_length
FROM (FROM events AT (VERSION => {snapshot})) AS e
LEFT JOIN (
    SELECT source_uid, tenant_uid, any_value(path) AS path
    FROM (FROM sources AT (VERSION => {snapshot}))
    GROUP BY ALL
) AS s ON s.source_uid = e.source_uid AND s.tenant_uid = e.tenant_uid
WHERE list_contains($tenants, e.tenant_uid)
    AND e.event_uid IN (SELECT unnest(CAST($uids AS VARCHAR[])))
ORDER BY e.time, e.event_uid
