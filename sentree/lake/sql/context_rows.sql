-- The tenant's events at one snapshot with the columns that a context adds. {snapshot} is a number;
-- sources come with the names they are shown under.
SELECT
    e.*,
    CASE
        WHEN e.device_host IS NULL OR e.device_host = ''
            THEN coalesce(
                e.src_ip, e.device_ip,
                CASE WHEN e.mapper IN ('m365', 'entra') THEN 'm365:' ELSE 'aws:' END || e.cloud_account
            )
        WHEN regexp_full_match(e.device_host, '[0-9.]+|.*:.*') THEN lower(e.device_host)
        ELSE lower(split_part(e.device_host, '.', 1))
    END AS host,
    CAST('0x' || left(e.event_uid, 8) AS UINTEGER) AS shard_key,
    length(e.raw) AS chars,
    s.name AS source_path
FROM (FROM lake.events AT (VERSION => {snapshot})) AS e
LEFT JOIN (
    SELECT
        unnest(CAST($source_uids AS VARCHAR[])) AS source_uid,
        unnest(CAST($source_names AS VARCHAR[])) AS name
) AS s ON e.source_uid = s.source_uid
WHERE e.tenant_uid = $tenant
