-- The newest version of every STIX object; of versions without a time, the one loaded last.
SELECT *
FROM (FROM stix_objects AT (VERSION => {snapshot}))
WHERE list_contains(CAST($tenants AS VARCHAR[]), tenant_uid)
QUALIFY row_number() OVER (
    PARTITION BY tenant_uid, object_uid
    ORDER BY modified DESC NULLS LAST, loaded_at DESC, record_uid DESC
) = 1
