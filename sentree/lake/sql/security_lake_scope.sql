-- The events of an export. An account is a part of a path: whose it is, is in the event too.
SELECT
    * REPLACE (coalesce(class_uid, 0) AS class_uid),
    coalesce(nullif(trim(cloud_account), ''), {no_account}) AS account
FROM (FROM events AT (VERSION => {snapshot}))
WHERE tenant_uid = $tenant
    AND ($start IS NULL OR time >= CAST($start AS TIMESTAMP))
    AND ($stop IS NULL OR time < CAST($stop AS TIMESTAMP))
    AND ($classes IS NULL OR list_contains(CAST($classes AS INTEGER[]), coalesce(class_uid, 0)))
