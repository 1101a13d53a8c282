-- The newest event of a feed's last delivery.
SELECT max_by(event_uid, (time, event_uid)) AS event_uid
FROM (FROM events AT (VERSION => {snapshot}))
WHERE tenant_uid = $tenant
    AND source_uid IN (
        SELECT source_uid FROM (FROM sources AT (VERSION => {snapshot}))
        WHERE tenant_uid = $tenant
            AND loaded_at = CAST($last AS TIMESTAMP)
            AND regexp_replace(path, '[0-9]+', '#', 'g') = $feed
    )
