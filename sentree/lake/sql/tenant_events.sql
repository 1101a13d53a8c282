-- One tenant's events of a window with the machine (or account) they are about: `entity` joins what
-- host sensors and network sensors say of one machine, through the addresses that hosts report.
CREATE OR REPLACE TEMP TABLE slice_events AS
WITH given AS (
    SELECT
        event_uid, time, class_uid, category_uid, activity_id, severity_id, api_operation, mapper,
        event, source_uid,
        -- Hashes of import tables are those of many programs.
        CASE WHEN contains(event, '"IMPHASH"')
            THEN regexp_extract_all(event, '"IMPHASH"[^{}]*"value":"([0-9A-Fa-f]{32})"', 1) END AS imports,
        lower(split_part(device_host, '.', 1)) AS short_host,
        lower(split_part(src_host, '.', 1)) AS short_source,
        device_host, device_ip, src_ip, dst_ip, cloud_account,
        coalesce(actor_user, target_user) AS user_name,
        -- A message is about the machine of whom it is for.
        CASE WHEN class_uid = 4009 THEN lower(split_part(coalesce(
            json_extract_string(event, '$.email.to[0]'), json_extract_string(event, '$.email.to')
        ), '@', 1)) END AS recipient
    FROM (FROM lake.events AT (VERSION => {snapshot}))
    WHERE tenant_uid = $tenant
        AND ($start IS NULL OR time >= CAST($start AS TIMESTAMP))
        AND ($stop IS NULL OR time < CAST($stop AS TIMESTAMP))
        AND (NOT $split OR {owner} IS NOT DISTINCT FROM $owner)
),
addresses AS (
    SELECT ip, mode(short_host) AS name
    FROM (
        SELECT short_host, unnest([device_ip, src_ip]) AS ip
        FROM given
        WHERE device_host IS NOT NULL AND device_host <> ''
            AND NOT regexp_full_match(device_host, '[0-9.]+|.*:.*')
            AND class_uid IN (4001, 4003, 1007)
        UNION ALL
        SELECT short_source, src_ip
        FROM given
        WHERE short_source <> '' AND NOT regexp_full_match(short_source, '[0-9]+|.*:.*')
    )
    WHERE {private}
    GROUP BY ip
),
people AS (
    SELECT lower(user_name) AS name, mode(short_host) AS machine
    FROM given
    WHERE class_uid BETWEEN 1000 AND 1999 AND user_name IS NOT NULL AND short_host <> ''
    GROUP BY ALL
)
SELECT
    given.* EXCLUDE (short_host, short_source, recipient),
    coalesce(
        CASE WHEN device_host <> '' AND NOT regexp_full_match(device_host, '[0-9.]+|.*:.*')
            THEN short_host END,
        own.name, source.name, target.name, people.machine,
        nullif(device_host, ''), device_ip,
        CASE WHEN {private_source} THEN src_ip WHEN {private_target} THEN dst_ip END,
        'account ' || cloud_account, 'user ' || user_name
    ) AS entity
FROM given
LEFT JOIN addresses AS own ON own.ip = device_ip
LEFT JOIN addresses AS source ON source.ip = src_ip
LEFT JOIN addresses AS target ON target.ip = dst_ip
LEFT JOIN people ON people.name = recipient
