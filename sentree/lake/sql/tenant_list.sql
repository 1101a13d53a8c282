-- Which tenants the lake holds in a window, and whom the records themselves name as theirs: OCSF's
-- metadata.tenant_uid, or a field of that name in a raw record.
SELECT tenant_uid, owner, count(*) AS events
FROM (
    SELECT
        tenant_uid,
        CASE WHEN contains(event, 'tenant') OR contains(raw, 'tenant') THEN {owner} END AS owner
    FROM (FROM lake.events AT (VERSION => {snapshot}))
    WHERE ($start IS NULL OR time >= CAST($start AS TIMESTAMP))
        AND ($stop IS NULL OR time < CAST($stop AS TIMESTAMP))
)
GROUP BY ALL
ORDER BY tenant_uid, owner
